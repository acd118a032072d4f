import { isDeepStrictEqual } from 'node:util';
import { Aggregate } from '#kernel/domain/aggregate';
import type { TenantId } from '#kernel/domain/ids';
import type { Plan } from '#kernel/domain/plan';
import type { ApprovalSettings, RetentionSettings, TenantSettings } from './api.js';
import { TenantCreated, TenantUpdated } from './events.js';

const DEFAULTS: TenantSettings = {
  autoInvestigateMinSeverity: 'medium',
  approvals: { expiresInMinutes: 30, required: 1, allowSelfApproval: true, executeOnApproval: false },
  retentionDays: { events: 400 },
};

/** Settings to change; omitted ones stay. */
interface SettingsChange {
  readonly autoInvestigateMinSeverity?: TenantSettings['autoInvestigateMinSeverity'];
  readonly approvals?: Partial<ApprovalSettings>;
  readonly retentionDays?: Partial<RetentionSettings>;
}

export interface TenantChange {
  readonly name?: string;
  readonly plan?: Plan;
  readonly settings?: SettingsChange;
}

export class Tenant extends Aggregate {
  name!: string;
  plan!: Plan;
  readonly status!: 'active';
  settings!: TenantSettings;
  readonly version: number = 1;
  readonly createdAt!: Date;
  updatedAt!: Date;

  private constructor() {
    super();
  }

  static create(tenantId: TenantId, name: string, plan: Plan, now: Date): Tenant {
    const tenant = Object.assign(new Tenant(), {
      tenantId,
      name,
      plan,
      status: 'active' as const,
      settings: DEFAULTS,
      createdAt: now,
      updatedAt: now,
    });
    tenant.record(new TenantCreated({ tenantId, name, plan, createdAt: now.toISOString() }));
    return tenant;
  }

  change(to: TenantChange, now: Date): void {
    const { name = this.name, plan = this.plan } = to;
    const settings = merged(this.settings, to.settings ?? {});
    const changes = [
      ...(name === this.name ? [] : ['name']),
      ...(plan === this.plan ? [] : ['plan']),
      ...(isDeepStrictEqual(settings, this.settings) ? [] : ['settings']),
    ];
    if (changes.length === 0) return;
    Object.assign(this, { name, plan, settings, updatedAt: now });
    const { tenantId } = this;
    this.record(new TenantUpdated({ tenantId, name, plan, changes, updatedAt: now.toISOString() }));
  }
}

function merged(settings: TenantSettings, change: SettingsChange): TenantSettings {
  const { autoInvestigateMinSeverity, approvals, retentionDays } = settings;
  return {
    autoInvestigateMinSeverity: change.autoInvestigateMinSeverity ?? autoInvestigateMinSeverity,
    approvals: Object.assign({}, approvals, withoutUndefined(change.approvals)),
    retentionDays: Object.assign({}, retentionDays, withoutUndefined(change.retentionDays)),
  };
}

/** In the instance of a DTO, an omitted field is present as undefined. */
function withoutUndefined<T extends object>(change: Partial<T> | undefined): Partial<T> {
  const given = Object.entries(change ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Partial<T>;
}
