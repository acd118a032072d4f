import type { TenantId } from '#kernel/domain/ids';
import { PLANS, type Plan } from '#kernel/domain/plan';
import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { Flag, IdOf, Moment, ObjectOf, OneOf, Text, Whole } from '#kernel/http/fields';

export class ApprovalSettings {
  @Whole({ min: 1, max: 43_200, summary: 'Minutes until an undecided approval request expires' })
  readonly expiresInMinutes!: number;
  @Whole({ min: 1, max: 20, summary: 'How many different admins must approve a plan' })
  readonly required!: number;
  @Flag({ summary: 'Whether the person who started the investigation may approve its plan' })
  readonly allowSelfApproval!: boolean;
  @Flag({ summary: 'Whether an approved plan is executed at once' })
  readonly executeOnApproval!: boolean;
}

export class RetentionSettings {
  @Whole({ min: 1, max: 3650, summary: 'How long events can be replayed' })
  readonly events!: number;
}

export class TenantSettings {
  @OneOf(SEVERITIES, { summary: 'The lowest severity that is investigated automatically' })
  readonly autoInvestigateMinSeverity!: Severity;
  @ObjectOf(() => ApprovalSettings) readonly approvals!: ApprovalSettings;
  @ObjectOf(() => RetentionSettings) readonly retentionDays!: RetentionSettings;
}

export class TenantProfile {
  @IdOf('ten') readonly tenantId!: TenantId;
  @Text({ max: 200, example: 'Acme Corp' }) readonly name!: string;
  @OneOf(PLANS) readonly plan!: Plan;
  @OneOf(['active']) readonly status!: 'active';
  @ObjectOf(() => TenantSettings) readonly settings!: TenantSettings;
  @Moment() readonly createdAt!: string;
  @Moment() readonly updatedAt!: string;
}

export abstract class Tenants {
  /**
   * A tenant's plan and settings, at most a few seconds old.
   * @throws Refusal `not_found`
   */
  abstract profile(tenantId: TenantId): Promise<TenantProfile>;

  /**
   * The profiles of many tenants in one query.
   * @throws Refusal `not_found` when one of them does not exist
   */
  abstract profiles(tenantIds: readonly TenantId[]): Promise<Map<TenantId, TenantProfile>>;

  /** Creates a tenant in the current transaction, in which the caller adds its first admin. */
  abstract create(tenantId: TenantId, name: string, plan: Plan): Promise<TenantProfile>;
}
