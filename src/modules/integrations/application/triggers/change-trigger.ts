import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { EventLog } from '#kernel/events/event-log';
import { Integrations } from '../../domain/integrations.js';
import type { Rule, Trigger } from '../../domain/trigger.js';
import { Triggers } from '../../domain/triggers.js';
import { checkRecipient, checkRule } from './check-rule.js';

@Injectable()
export class ChangeTrigger {
  constructor(
    private readonly triggers: Triggers,
    private readonly integrations: Integrations,
    private readonly eventLog: EventLog,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `validation_error` */
  async execute(tenantId: TenantId, triggerId: string, changes: Partial<Rule>): Promise<Trigger> {
    return this.triggers.change(tenantId, triggerId, async (trigger) => {
      const {
        name = trigger.name,
        on = trigger.on,
        condition = trigger.condition,
        action = trigger.action,
        actionConfig = trigger.actionConfig,
        enabled = trigger.enabled,
      } = changes;
      const rule = { name, on: { ...on }, condition, action, actionConfig, enabled };
      await checkRule(rule);
      // Not otherwise: a trigger whose integration is gone must still accept other changes, such as being disabled.
      if (changes.action !== undefined || changes.actionConfig !== undefined)
        await checkRecipient(this.integrations, tenantId, rule);
      trigger.change(rule, await this.eventLog.head(tenantId), this.clock.now());
      return trigger;
    });
  }
}
