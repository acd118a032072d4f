import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import type { TenantId } from '#kernel/domain/ids';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { AlertInlet } from '../api.js';
import type { Integration } from '../domain/integration.js';
import { Integrations } from '../domain/integrations.js';

/** As `newOpaqueToken` makes them. */
const TOKEN = /^[\w-]{43}$/;
/** For so long a replica may not know that another one disconnected an integration. */
const REMEMBERED = { ttlSeconds: 3, maxEntries: 20_000 };

/** Where alerts come in. Storms of them ask, hence the memory. */
@Injectable()
export class AlertInlets {
  private readonly byToken = new TtlCache<AlertInlet | undefined>({
    ...REMEMBERED,
    load: (token) => this.find(token),
  });
  private readonly connected = new TtlCache<readonly Integration[]>({
    ...REMEMBERED,
    load: (place) => this.connectedTo(place),
  });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly integrations: Integrations,
  ) {}

  async of(ingestToken: string): Promise<AlertInlet | undefined> {
    return TOKEN.test(ingestToken) ? this.byToken.get(ingestToken) : undefined;
  }

  /** The integrations whose alerts come in here: one for an address of its own, all of the provider's otherwise. */
  async integrationsBehind({ tenantId, provider, integrationId }: AlertInlet): Promise<Integration[]> {
    const all = await this.connected.get(`${tenantId}/${provider}`);
    return all.filter((one) => integrationId === null || one.integrationId === integrationId);
  }

  /** To be called after a change was committed, so that this replica knows it at once. */
  changed(tenantId: TenantId, provider: string): void {
    this.connected.forget(`${tenantId}/${provider}`);
    this.byToken.forgetWhere((inlet) => inlet?.tenantId === tenantId && inlet.provider === provider);
  }

  private async find(ingestToken: string): Promise<AlertInlet | undefined> {
    const [inlet] = await this.unitOfWork.lookUp<AlertInlet>(
      `SELECT tenant_id AS "tenantId", integration_id AS "integrationId", provider FROM find_ingest_token($1)`,
      [sha256Hex(ingestToken)],
    );
    return inlet;
  }

  private async connectedTo(place: string): Promise<readonly Integration[]> {
    const [tenantId, provider] = place.split('/') as [TenantId, string];
    const all = await this.integrations.newestFirst(tenantId);
    return all.filter((one) => one.provider === provider);
  }
}
