import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Plan } from '#kernel/domain/plan';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type TenantProfile, Tenants } from './api.js';
import { Tenant, type TenantChange } from './tenant.js';
import { TenantStore } from './tenant.schema.js';

@Injectable()
export class TenantProfiles extends Tenants {
  private readonly recent = new TtlCache<TenantProfile>({
    ttlSeconds: 4,
    maxEntries: 10_000,
    load: (tenantId) => this.read(tenantId as TenantId),
  });

  constructor(
    private readonly tenants: TenantStore,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    super();
  }

  profile(tenantId: TenantId): Promise<TenantProfile> {
    return this.recent.get(tenantId);
  }

  async create(tenantId: TenantId, name: string, plan: Plan): Promise<TenantProfile> {
    const tenant = Tenant.create(tenantId, name, plan, this.clock.now());
    await this.tenants.add(tenant);
    return profileOf(tenant);
  }

  async profiles(tenantIds: readonly TenantId[]): Promise<Map<TenantId, TenantProfile>> {
    // A single tenant is likely to be read again soon, so it is cached; many are one query each time.
    const [only, ...others] = tenantIds;
    const found = only && others.length === 0 ? [await this.profile(only)] : await this.readAll(tenantIds);
    if (found.length < tenantIds.length) throw notFound('tenant');
    return new Map(found.map((profile) => [profile.tenantId, profile]));
  }

  async read(tenantId: TenantId): Promise<TenantProfile> {
    const [profile] = await this.readAll([tenantId]);
    if (!profile) throw notFound('tenant');
    return profile;
  }

  private async readAll(tenantIds: readonly TenantId[]): Promise<TenantProfile[]> {
    const rows = await this.unitOfWork.query<TenantRow>(tenantIds, PROFILES, [tenantIds]);
    return rows.map(profileOf);
  }

  async change(tenantId: TenantId, to: TenantChange): Promise<TenantProfile> {
    const changed = await this.tenants.change(tenantId, tenantId, (tenant) => {
      tenant.change(to, this.clock.now());
      return profileOf(tenant);
    });
    this.recent.forget(tenantId);
    return changed;
  }
}

/** OFFSET 0 forces a lookup by key per tenant, even when the plan was made while the table was nearly empty. */
const PROFILES = {
  name: 'tenant-profiles',
  text: `
  SELECT own.* FROM unnest($1::text[]) AS sought CROSS JOIN LATERAL (
    SELECT tenant_id AS "tenantId", name, plan, status, settings, created_at AS "createdAt", updated_at AS "updatedAt"
      FROM tenants WHERE tenant_id = sought OFFSET 0) AS own`,
};

type TenantRow = Omit<TenantProfile, 'createdAt' | 'updatedAt'> & Pick<Tenant, 'createdAt' | 'updatedAt'>;

function profileOf({
  tenantId,
  name,
  plan,
  status,
  settings,
  createdAt,
  updatedAt,
}: TenantRow): TenantProfile {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { tenantId, name, plan, status, settings, ...times };
}
