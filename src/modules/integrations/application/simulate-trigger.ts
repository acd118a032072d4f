import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { DomainEvent } from '#kernel/events/define-event';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { EventLog } from '#kernel/events/event-log';
import { Triggers } from '../domain/triggers.js';
import { HEARD_TYPES } from './heard-events.js';
import { WeighEvents } from './weigh-events.js';

/** How far back a simulation looks. */
const EVENTS = 1000;

export interface Simulation {
  /** How many past events were looked at. */
  readonly examined: number;
  /** Those that would have fired, oldest first. */
  readonly fired: readonly { readonly event: DomainEvent; readonly incidentId: string | null }[];
}

/** Tells what a trigger would have done, had it been there and enabled. Incidents are taken as they are now. */
@Injectable()
export class SimulateTrigger {
  constructor(
    private readonly triggers: Triggers,
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly weighEvents: WeighEvents,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, triggerId: string): Promise<Simulation> {
    const trigger = await this.triggers.get(tenantId, triggerId);
    const head = await this.eventLog.head(tenantId);
    const logged = await this.eventLog.page(tenantId, Math.max(0, head - EVENTS), EVENTS);
    const heard = logged.filter(({ type }) => HEARD_TYPES.includes(type));
    const events = heard.flatMap((event) => this.catalogue.revive(event) ?? []);
    const matches = await this.weighEvents.execute(tenantId, [trigger], events);
    return {
      examined: events.length,
      fired: matches.map(({ event, incident }) => ({ event, incidentId: incident?.incidentId ?? null })),
    };
  }
}
