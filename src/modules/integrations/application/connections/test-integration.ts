import { Injectable } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import type { TenantId } from '#kernel/domain/ids';
import type { Integration, IntegrationStatus } from '../../domain/integration.js';
import { Integrations } from '../../domain/integrations.js';
import { ProviderError, Outside } from '../../providers/provider.js';
import { providerNamed } from '../../providers/registry.js';
import { Connections } from './connections.js';

export interface TestResult {
  readonly integrationId: string;
  readonly ok: boolean;
  readonly status: IntegrationStatus;
  readonly message: string;
}

/** Probes a connected tool again and stores the result. */
@Injectable()
export class TestIntegration {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly outside: Outside,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, integrationId: string): Promise<TestResult> {
    const integration = await this.integrations.get(tenantId, integrationId);
    const fault = await this.probe(integration).catch(faultOf);
    const { authType } = providerNamed(integration.provider);
    const answered =
      authType === 'ingest_token'
        ? 'Nothing was called: the other side calls us.'
        : 'The other side answered.';
    return this.integrations.change(tenantId, integrationId, (tested) => {
      const message = `${fault ?? answered}${lossesOf(tested)}`;
      tested.wasTested(fault === undefined);
      const { status } = tested;
      return { integrationId, ok: fault === undefined, status, message };
    });
  }

  private async probe(integration: Integration): Promise<undefined> {
    const { provider, connection } = this.connections.of(integration);
    await provider.probe(connection, this.outside);
  }
}

function lossesOf({ lostMessages, lastLoss }: Integration): string {
  return lastLoss === null ? '' : ` Messages given up: ${lostMessages}, the last one at ${lastLoss}`;
}

function faultOf(error: unknown): string {
  if (error instanceof ProviderError) return error.message;
  if (error instanceof SealedTextError) return 'Its credentials cannot be read; connect it again.';
  throw error;
}
