import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { DomainEvent } from '#kernel/events/define-event';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { Condition, ConditionTooSlow } from '../../domain/condition.js';
import type { Trigger } from '../../domain/trigger.js';

/** An event that fires a trigger, with its context. */
export interface Match {
  readonly trigger: Trigger;
  readonly event: DomainEvent;
  readonly incident: IncidentSnapshot | undefined;
  readonly provider: string | null;
}

const MAX_STRETCH_MS = 10;
/** How long a condition that was too slow is left alone: each attempt holds up everybody else. */
const REST_MS = 300_000;

/** Evaluates which triggers fire on which events. */
@Injectable()
export class MatchTriggers {
  private readonly log = new Logger(MatchTriggers.name);
  /** Until when conditions that were too slow rest, on the monotonic clock, the oldest first. */
  private readonly resting = new Map<string, number>();

  constructor(private readonly incidents: IncidentLifecycle) {}

  /** @returns in the order of the events */
  async execute(
    tenantId: TenantId,
    triggers: readonly Trigger[],
    events: readonly DomainEvent[],
  ): Promise<Match[]> {
    const relevant = events.filter((event) => triggers.some((trigger) => trigger.listensTo(event)));
    const incidents = await this.incidentsOf(tenantId, relevant);
    const conditions = triggers.map((trigger) => ({ trigger, holds: this.compile(trigger) }));
    const matches: Match[] = [];
    let since = performance.now();
    for (const event of relevant) {
      const incident = incidents.get(textIn(event, 'incidentId') ?? '');
      const provider = textIn(event, 'provider') ?? incident?.provider ?? null;
      for (const { trigger, holds } of conditions) {
        if (trigger.listensTo(event) && trigger.listensToProvider(provider) && holds(event, incident))
          matches.push({ trigger, event, incident, provider });
        // Many cheap conditions add up: yield to the event loop in between.
        if (performance.now() - since >= MAX_STRETCH_MS) {
          await nextTurn();
          since = performance.now();
        }
      }
    }
    return matches;
  }

  private compile({
    triggerId,
    condition,
  }: Trigger): (event: DomainEvent, incident?: IncidentSnapshot) => boolean {
    if (condition === null) return () => true;
    const parsed = Condition.parse(condition);
    const key = `${triggerId} ${condition}`;
    return (event, incident) => {
      if (this.rests(key)) return false;
      const holds = (): boolean =>
        parsed.holds({ event: envelopeOf(event), incident: incident ? restShapeOf(incident) : null });
      // A pause to collect garbage takes CPU time, too, but not twice in a row.
      const answer = inTime(holds) ?? inTime(holds);
      if (answer !== undefined) return answer;
      this.log.warn(`The condition of ${triggerId} takes too long; for five minutes it counts as not met`);
      this.resting.set(key, performance.now() + REST_MS);
      return false;
    };
  }

  private rests(key: string): boolean {
    for (const [oldest, until] of this.resting) {
      if (until > performance.now()) break;
      this.resting.delete(oldest);
    }
    return this.resting.has(key);
  }

  private async incidentsOf(
    tenantId: TenantId,
    events: readonly DomainEvent[],
  ): Promise<Map<string, IncidentSnapshot>> {
    const ids = new Set(events.flatMap((event) => textIn(event, 'incidentId') ?? []));
    const found = await this.incidents.findMany(tenantId, [...ids]);
    return new Map(found.map((incident) => [incident.incidentId, incident]));
  }
}

function textIn({ data }: DomainEvent, field: string): string | undefined {
  const value = (data as Record<string, unknown>)[field];
  return typeof value === 'string' ? value : undefined;
}

function envelopeOf({ type, occurredAt, tenantId, data }: DomainEvent): Record<string, unknown> {
  return { event: type, timestamp: occurredAt.toISOString(), tenantId, data };
}

/** The incident as `GET /v1/incidents/{incidentId}` answers it. */
function restShapeOf({ tenantId, ...incident }: IncidentSnapshot): Record<string, unknown> {
  return {
    ...incident,
    createdAt: incident.createdAt.toISOString(),
    updatedAt: incident.updatedAt.toISOString(),
    resolvedAt: incident.resolvedAt?.toISOString() ?? null,
  };
}

/** @returns undefined for a condition that is too slow */
function inTime(holds: () => boolean): boolean | undefined {
  try {
    return holds();
  } catch (error) {
    if (error instanceof ConditionTooSlow) return undefined;
    throw error;
  }
}
