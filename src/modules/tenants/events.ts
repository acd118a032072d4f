import { PLANS, type Plan } from '#kernel/domain/plan';
import { defineEvent } from '#kernel/events/define-event';
import { IdOf, Moment, OneOf, Text, Texts } from '#kernel/http/fields';

class TenantCreatedData {
  @IdOf('ten') tenantId!: string;
  @Text({ max: 200 }) name!: string;
  @OneOf(PLANS) plan!: Plan;
  @Moment() createdAt!: string;
}

export class TenantCreated extends defineEvent({
  type: 'tenant.created',
  summary: 'A new tenant is provisioned',
  data: TenantCreatedData,
  example: {
    tenantId: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE',
    name: 'Acme Corp',
    plan: 'pro',
    createdAt: '2026-04-01T10:00:00.000Z',
  },
  audience: 'public',
}) {}

class TenantUpdatedData {
  @IdOf('ten') tenantId!: string;
  @Text({ max: 200 }) name!: string;
  @OneOf(PLANS) plan!: Plan;
  @Texts({ summary: 'The names of what changed: name, plan, settings' }) changes!: string[];
  @Moment() updatedAt!: string;
}

export class TenantUpdated extends defineEvent({
  type: 'tenant.updated',
  summary: 'Tenant settings or plan are changed',
  data: TenantUpdatedData,
  example: {
    tenantId: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE',
    name: 'Acme Corp',
    plan: 'business',
    changes: ['plan'],
    updatedAt: '2026-04-02T10:00:00.000Z',
  },
  audience: 'public',
}) {}
