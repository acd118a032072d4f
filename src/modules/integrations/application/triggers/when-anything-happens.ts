import { EventsHandler } from '@nestjs/cqrs';
import { Refusal } from '#kernel/domain/errors';
import type { BatchHandler } from '#kernel/events/awaiting-publisher';
import type { DomainEvent } from '#kernel/events/define-event';
import { Once } from '#kernel/events/once';
import { runInContext } from '#kernel/tenancy/call-context';
import type { Firing, Trigger } from '../../domain/trigger.js';
import { isEffect, ledToBy } from '../../domain/trigger-chain.js';
import { Triggers } from '../../domain/triggers.js';
import { OpeningLimit } from './opening-limit.js';
import { TRIGGER_EVENTS } from './trigger-events.js';
import { TakeAction } from './take-action.js';
import { type Match, MatchTriggers } from './match-triggers.js';

type Outcome = Pick<Firing, 'actionTaken' | 'incidentId'>;

/** Fires the tenant's triggers. For a tenant without triggers a whole batch costs one query. */
@EventsHandler(...TRIGGER_EVENTS)
export class FireTriggersWhenAnythingHappens implements BatchHandler {
  constructor(
    private readonly triggers: Triggers,
    private readonly matchTriggers: MatchTriggers,
    private readonly takeAction: TakeAction,
    private readonly openingLimit: OpeningLimit,
    private readonly once: Once,
  ) {}

  async handle(event: DomainEvent): Promise<void> {
    await this.handleMany([event]);
  }

  async handleMany(events: readonly [DomainEvent, ...DomainEvent[]]): Promise<void> {
    const { tenantId } = events[0];
    const triggers = await this.triggers.enabled(tenantId);
    if (triggers.length === 0) return;
    const matches = await this.matchTriggers.execute(tenantId, triggers, events);
    for (const match of matches) {
      if (match.event.seq > match.trigger.listensAfter) await this.fire(match);
    }
  }

  private async fire(match: Match): Promise<void> {
    const { trigger, event } = match;
    try {
      // Not inside the transaction, which holds a connection: counting needs one, too.
      if (trigger.action === 'create_incident' && isEffect(event.correlationId))
        await this.openingLimit.count(trigger.tenantId);
      await this.record(match, (firing) => this.takeAction.execute(firing, match));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // The work of the action is rolled back; the firing is recorded all the same.
      const incidentId = match.incident?.incidentId ?? null;
      await this.record(match, () => ({ actionTaken: 'none', incidentId })).catch(unlessGone);
    }
  }

  private async record(
    { trigger: { tenantId, triggerId }, event, provider }: Match,
    act: (trigger: Trigger) => Outcome | Promise<Outcome>,
  ): Promise<void> {
    const context = { correlationId: ledToBy(triggerId, event.correlationId), actor: null };
    await runInContext(context, () =>
      this.once.do(`trigger:${triggerId}`, event, () =>
        this.triggers.change(tenantId, triggerId, async (trigger) => {
          if (!trigger.enabled) return;
          trigger.fired({ event: event.type, provider, ...(await act(trigger)) });
        }),
      ),
    );
  }
}

/** The trigger was deleted in the meantime. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Refusal && error.code === 'not_found')) throw error;
}
