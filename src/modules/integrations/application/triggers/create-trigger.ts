import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { EventLog } from '#kernel/events/event-log';
import { Integrations } from '../../domain/integrations.js';
import { Trigger, type Rule } from '../../domain/trigger.js';
import { Triggers } from '../../domain/triggers.js';
import { checkRecipient, checkRule } from './check-rule.js';

/** Each of them is evaluated for each event of its tenant. */
const MAX_TRIGGERS = 100;

type NewRule = Pick<Rule, 'name' | 'on' | 'action'> & Partial<Rule>;

@Injectable()
export class CreateTrigger {
  constructor(
    private readonly triggers: Triggers,
    private readonly integrations: Integrations,
    private readonly eventLog: EventLog,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `validation_error`, `quota_exceeded` */
  async execute(tenantId: TenantId, given: NewRule, createdBy: string): Promise<Trigger> {
    const { name, on, condition = null, action, actionConfig = {}, enabled = true } = given;
    const rule: Rule = { name, on: { ...on }, condition, action, actionConfig, enabled };
    await checkRule(rule);
    await checkRecipient(this.integrations, tenantId, rule);
    const head = await this.eventLog.head(tenantId);
    const trigger = Trigger.create(tenantId, rule, createdBy, head, this.clock.now());
    await this.triggers.addWithin(MAX_TRIGGERS, trigger);
    return trigger;
  }
}
