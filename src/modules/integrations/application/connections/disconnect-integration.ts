import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Integrations } from '../../domain/integrations.js';
import { IngestEndpoints } from '../webhooks/ingest-endpoints.js';

/** Deletes an integration with its credentials; its `ingestUrl` stops working. */
@Injectable()
export class DisconnectIntegration {
  constructor(
    private readonly integrations: Integrations,
    private readonly endpoints: IngestEndpoints,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, integrationId: string, disconnectedBy: string): Promise<void> {
    const { provider } = await this.integrations.get(tenantId, integrationId);
    await this.integrations.remove(tenantId, integrationId, (gone) => gone.disconnect(disconnectedBy));
    this.endpoints.changed(tenantId, provider);
  }
}
