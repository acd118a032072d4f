import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import type { TenantId } from '#kernel/domain/ids';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { IngestEndpoint } from '../../api.js';
import type { Integration } from '../../domain/integration.js';
import { Integrations } from '../../domain/integrations.js';

/** As `newOpaqueToken` makes them. */
const TOKEN = /^[\w-]{43}$/;
/** How long a replica may be unaware that another one disconnected an integration. */
const CACHE = { ttlSeconds: 3, maxEntries: 20_000 };

/** Looks up which integration a webhook belongs to. Cached, since this runs for every alert of a storm. */
@Injectable()
export class IngestEndpoints {
  private readonly byToken = new TtlCache<IngestEndpoint | undefined>({
    ...CACHE,
    load: (token) => this.find(token),
  });
  private readonly connected = new TtlCache<readonly Integration[]>({
    ...CACHE,
    load: (key) => this.connectedTo(key),
  });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly integrations: Integrations,
  ) {}

  async of(ingestToken: string): Promise<IngestEndpoint | undefined> {
    return TOKEN.test(ingestToken) ? this.byToken.get(ingestToken) : undefined;
  }

  /** The integrations behind a URL: one for its own URL, all of the provider for the shared one. */
  async integrationsBehind({ tenantId, provider, integrationId }: IngestEndpoint): Promise<Integration[]> {
    const all = await this.connected.get(`${tenantId}/${provider}`);
    return all.filter((one) => integrationId === null || one.integrationId === integrationId);
  }

  /** Call after the commit of a change, to invalidate the cache of this replica. */
  changed(tenantId: TenantId, provider: string): void {
    this.connected.forget(`${tenantId}/${provider}`);
    this.byToken.forgetWhere((endpoint) => endpoint?.tenantId === tenantId && endpoint.provider === provider);
  }

  private async find(ingestToken: string): Promise<IngestEndpoint | undefined> {
    const [endpoint] = await this.unitOfWork.lookUp<IngestEndpoint>(
      `SELECT tenant_id AS "tenantId", integration_id AS "integrationId", provider FROM find_ingest_token($1)`,
      [sha256Hex(ingestToken)],
    );
    return endpoint;
  }

  private async connectedTo(key: string): Promise<readonly Integration[]> {
    const [tenantId, provider] = key.split('/') as [TenantId, string];
    const all = await this.integrations.newestFirst(tenantId);
    return all.filter((one) => one.provider === provider);
  }
}
