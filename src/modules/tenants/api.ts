import type { TenantId } from '#kernel/domain/ids';

export interface TenantSettings {
  readonly autoInvestigateMinSeverity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  readonly approvals: {
    readonly expiresInMinutes: number;
    readonly required: number;
    readonly allowSelfApproval: boolean;
    readonly executeOnApproval: boolean;
  };
  readonly retentionDays: { readonly events: number };
}

export interface TenantProfile {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly plan: 'starter' | 'pro' | 'business' | 'enterprise';
  readonly settings: TenantSettings;
}

/** Answers what a tenant has settled on, as of at most a few seconds ago. */
export abstract class Tenants {
  /** @throws Refusal `not_found` */
  abstract profile(tenantId: TenantId): Promise<TenantProfile>;
}
