import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { DomainEvent } from '#kernel/events/define-event';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { Condition, ConditionTooSlow } from '../domain/condition.js';
import type { Trigger } from '../domain/trigger.js';

/** An event that a trigger should fire on, with what is known around it. */
export interface Match {
  readonly trigger: Trigger;
  readonly event: DomainEvent;
  readonly incident: IncidentSnapshot | undefined;
  readonly provider: string | null;
}

/** Finds out which triggers should fire on which events. */
@Injectable()
export class WeighEvents {
  private readonly log = new Logger(WeighEvents.name);

  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @returns in the order of the events */
  async execute(
    tenantId: TenantId,
    triggers: readonly Trigger[],
    events: readonly DomainEvent[],
  ): Promise<Match[]> {
    const asked = triggers.map((trigger) => ({ trigger, holds: this.question(trigger) }));
    const matches: Match[] = [];
    // One transaction for the look-ups of all incidents.
    await this.unitOfWork.run(tenantId, async () => {
      const incidents = new Map<string, IncidentSnapshot | undefined>();
      for (const event of events) {
        const listening = asked.filter(({ trigger }) => trigger.listensTo(event));
        if (listening.length === 0) continue;
        const incident = await this.incidentOf(event, incidents);
        const provider = providerOf(event) ?? incident?.provider ?? null;
        for (const { trigger, holds } of listening) {
          if (trigger.listensToProvider(provider) && holds(event, incident))
            matches.push({ trigger, event, incident, provider });
        }
      }
    });
    return matches;
  }

  private question({
    triggerId,
    condition,
  }: Trigger): (event: DomainEvent, incident?: IncidentSnapshot) => boolean {
    if (condition === null) return () => true;
    const parsed = Condition.parse(condition);
    let tooSlow = false;
    return (event, incident) => {
      try {
        return (
          !tooSlow &&
          parsed.holds({ event: envelopeOf(event), incident: incident ? restShapeOf(incident) : null })
        );
      } catch (error) {
        if (!(error instanceof ConditionTooSlow)) throw error;
        this.log.warn(`The condition of ${triggerId} takes too long; it counts as not met`);
        tooSlow = true;
        return false;
      }
    };
  }

  private async incidentOf(
    { tenantId, data }: DomainEvent,
    known: Map<string, IncidentSnapshot | undefined>,
  ): Promise<IncidentSnapshot | undefined> {
    const id = textIn(data, 'incidentId');
    if (id === undefined) return undefined;
    if (!known.has(id)) known.set(id, await this.incidents.find(tenantId, id));
    return known.get(id);
  }
}

function providerOf({ data }: DomainEvent): string | undefined {
  return textIn(data, 'provider');
}

function textIn(data: object, field: string): string | undefined {
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
