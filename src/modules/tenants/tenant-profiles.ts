import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import type { Plan } from '#kernel/domain/plan';
import { Recent } from '#kernel/persistence/recent';
import { type TenantProfile, Tenants } from './api.js';
import { type SettingsChange, Tenant } from './tenant.js';
import { TenantStore } from './tenant.schema.js';

@Injectable()
export class TenantProfiles extends Tenants {
  private readonly recent = new Recent<TenantProfile>({
    seconds: 4,
    most: 10_000,
    load: (tenantId) => this.read(tenantId as TenantId),
  });

  constructor(
    private readonly tenants: TenantStore,
    private readonly clock: Clock,
  ) {
    super();
  }

  profile(tenantId: TenantId): Promise<TenantProfile> {
    return this.recent.get(tenantId);
  }

  async found(tenantId: TenantId, name: string, plan: Plan): Promise<TenantProfile> {
    const tenant = Tenant.found(tenantId, name, plan, this.clock.now());
    await this.tenants.add(tenant);
    return profileOf(tenant);
  }

  async read(tenantId: TenantId): Promise<TenantProfile> {
    return profileOf(await this.tenants.get(tenantId, tenantId));
  }

  async change(
    tenantId: TenantId,
    to: { name?: string; plan?: Plan; settings?: SettingsChange },
  ): Promise<TenantProfile> {
    const changed = await this.tenants.change(tenantId, tenantId, (tenant) => {
      tenant.change(to, this.clock.now());
      return profileOf(tenant);
    });
    this.recent.forget(tenantId);
    return changed;
  }
}

function profileOf({ tenantId, name, plan, status, settings, createdAt, updatedAt }: Tenant): TenantProfile {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { tenantId, name, plan, status, settings, ...times };
}
