import { Injectable } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import type { TenantId } from '#kernel/domain/ids';
import { type StepAnswer, type StepOrder, StepRunners } from '../api.js';
import { Integrations } from '../domain/integrations.js';
import { Outside } from '../providers/provider.js';
import { providerNamed } from '../providers/registry.js';
import { Connections } from './connections/connections.js';

/** Sends remediation steps to the integrations that can run them. */
@Injectable()
export class RunStep extends StepRunners {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly outside: Outside,
  ) {
    super();
  }

  /** Of several that list the action the newest, so that a replacement takes effect without removing the old one first. */
  async runnerOf(tenantId: TenantId, action: string): Promise<{ integrationId: string } | undefined> {
    const all = await this.integrations.newestFirst(tenantId);
    const runner = all.find(({ provider, config }) =>
      providerNamed(provider).steps?.actionsOf(config).includes(action),
    );
    return runner && { integrationId: runner.integrationId };
  }

  async run(tenantId: TenantId, integrationId: string, order: StepOrder): Promise<StepAnswer> {
    const integration = await this.integrations.find(tenantId, integrationId);
    if (!integration) return notSent('The integration is not connected any more.');
    try {
      const { provider, connection } = this.connections.of(integration);
      if (!provider.steps) return notSent('The integration runs no steps.');
      return await provider.steps.run(connection, order, this.outside);
    } catch (error) {
      if (error instanceof SealedTextError)
        return notSent('Its credentials cannot be read; connect it again.');
      throw error;
    }
  }
}

function notSent(reason: string): StepAnswer {
  return { status: 'not_sent', reason, retryAfterSeconds: null };
}
