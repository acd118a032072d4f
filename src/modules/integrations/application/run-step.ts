import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type StepAnswer, type StepOrder, StepRunners } from '../api.js';
import { Integrations } from '../domain/integrations.js';
import { Outside } from '../providers/provider.js';
import { providerNamed } from '../providers/registry.js';
import { Connections } from './connections.js';

const GONE: StepAnswer = {
  status: 'not_sent',
  reason: 'The integration is not connected any more.',
  retryAfterSeconds: null,
};

/** Hands the steps of remediations to the integrations that can carry them out. */
@Injectable()
export class RunStep extends StepRunners {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly outside: Outside,
  ) {
    super();
  }

  /** Of several that list the action, the one connected last: who connects a better one need not remove the other first. */
  async runnerOf(tenantId: TenantId, action: string): Promise<{ integrationId: string } | undefined> {
    const all = await this.integrations.newestFirst(tenantId);
    const runner = all.find(({ provider, config }) =>
      providerNamed(provider).steps?.actionsOf(config).includes(action),
    );
    return runner && { integrationId: runner.integrationId };
  }

  async run(tenantId: TenantId, integrationId: string, order: StepOrder): Promise<StepAnswer> {
    const integration = await this.integrations.find(tenantId, integrationId);
    if (!integration) return GONE;
    const { provider, connection } = this.connections.of(integration);
    return provider.steps?.run(connection, order, this.outside) ?? GONE;
  }
}
