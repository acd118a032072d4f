import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { DomainEvent } from '#kernel/events/define-event';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { EventLog } from '#kernel/events/event-log';
import { Triggers } from '../../domain/triggers.js';
import { TRIGGER_EVENT_TYPES } from './trigger-events.js';
import { MatchTriggers } from './match-triggers.js';

/** How far back a simulation looks. */
const EVENTS = 1000;

export interface Simulation {
  /** How many past events were examined. */
  readonly examined: number;
  /** Those that would have fired, oldest first. */
  readonly fired: readonly { readonly event: DomainEvent; readonly incidentId: string | null }[];
}

/** Which past events would have fired a trigger. Incidents are evaluated in their current state. */
@Injectable()
export class SimulateTrigger {
  constructor(
    private readonly triggers: Triggers,
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly matchTriggers: MatchTriggers,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, triggerId: string): Promise<Simulation> {
    const trigger = await this.triggers.get(tenantId, triggerId);
    const head = await this.eventLog.head(tenantId);
    const logged = await this.eventLog.page(tenantId, Math.max(0, head - EVENTS), EVENTS);
    const listened = logged.filter(({ type }) => TRIGGER_EVENT_TYPES.includes(type));
    const events = listened.flatMap((event) => this.catalogue.revive(event) ?? []);
    const matches = await this.matchTriggers.execute(tenantId, [trigger], events);
    return {
      examined: events.length,
      fired: matches.map(({ event, incident }) => ({ event, incidentId: incident?.incidentId ?? null })),
    };
  }
}
