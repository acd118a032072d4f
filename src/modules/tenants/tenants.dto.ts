import { PLANS, type Plan } from '#kernel/domain/plan';
import { SEVERITIES } from '#kernel/domain/severity';
import { Flag, ObjectOf, OneOf, Text, Whole } from '#kernel/http/fields';
import type { TenantSettings } from './api.js';

const optional = { optional: true } as const;

class ApprovalSettingsChange {
  @Whole({ min: 1, max: 43_200, ...optional }) expiresInMinutes?: number;
  @Whole({ min: 1, max: 20, ...optional }) required?: number;
  @Flag(optional) allowSelfApproval?: boolean;
  @Flag(optional) executeOnApproval?: boolean;
}

class RetentionSettingsChange {
  @Whole({ min: 1, max: 3650, ...optional }) events?: number;
}

class TenantSettingsChange {
  @OneOf(SEVERITIES, optional)
  autoInvestigateMinSeverity?: TenantSettings['autoInvestigateMinSeverity'];
  @ObjectOf(() => ApprovalSettingsChange, optional) approvals?: ApprovalSettingsChange;
  @ObjectOf(() => RetentionSettingsChange, optional) retentionDays?: RetentionSettingsChange;
}

/** Omitted fields stay as they are, inside `settings` too. */
export class ChangeTenantBody {
  @Text({ max: 200, example: 'Acme Corp', ...optional }) name?: string;
  @OneOf(PLANS, optional) plan?: Plan;
  @ObjectOf(() => TenantSettingsChange, optional) settings?: TenantSettingsChange;
}
