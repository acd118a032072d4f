import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { IntegrationStatus } from '../domain/integration.js';
import { Integrations } from '../domain/integrations.js';
import { Outside, ProbeFailed } from '../providers/provider.js';
import { Connections } from './connections.js';

export interface TestResult {
  readonly integrationId: string;
  readonly ok: boolean;
  readonly status: IntegrationStatus;
  readonly message: string;
}

/** Asks a connected tool again whether it answers, and remembers what came of it. */
@Injectable()
export class TestIntegration {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly outside: Outside,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, integrationId: string): Promise<TestResult> {
    const { provider, connection } = this.connections.of(
      await this.integrations.get(tenantId, integrationId),
    );
    const fault = await provider.probe(connection, this.outside).then(() => undefined, faultOf);
    return this.integrations.change(tenantId, integrationId, (integration) => {
      integration.wasTested(fault === undefined);
      const { status } = integration;
      return { integrationId, ok: fault === undefined, status, message: fault ?? 'The other side answered.' };
    });
  }
}

function faultOf(error: unknown): string {
  if (error instanceof ProbeFailed) return error.message;
  throw error;
}
