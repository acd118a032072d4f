import { PLANS, type Plan } from '#kernel/domain/plan';
import { SEVERITIES } from '#kernel/domain/severity';
import { Flag, ObjectOf, OneOf, Text, Whole } from '#kernel/http/fields';
import type { TenantSettings } from './api.js';

const left = { optional: true } as const;

class ApprovalSettingsChange {
  @Whole({ min: 1, max: 43_200, ...left }) expiresInMinutes?: number;
  @Whole({ min: 1, max: 20, ...left }) required?: number;
  @Flag(left) allowSelfApproval?: boolean;
  @Flag(left) executeOnApproval?: boolean;
}

class RetentionSettingsChange {
  @Whole({ min: 1, max: 3650, ...left }) events?: number;
}

class TenantSettingsChange {
  @OneOf(SEVERITIES, left)
  autoInvestigateMinSeverity?: TenantSettings['autoInvestigateMinSeverity'];
  @ObjectOf(() => ApprovalSettingsChange, left) approvals?: ApprovalSettingsChange;
  @ObjectOf(() => RetentionSettingsChange, left) retentionDays?: RetentionSettingsChange;
}

/** What is left out stays as it is, inside `settings` too. */
export class ChangeTenantBody {
  @Text({ max: 200, example: 'Acme Corp', ...left }) name?: string;
  @OneOf(PLANS, left) plan?: Plan;
  @ObjectOf(() => TenantSettingsChange, left) settings?: TenantSettingsChange;
}
