import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { type ProposedPlan, Remediations } from '#modules/remediation/api';
import { ApprovalRequested } from '#modules/remediation/events';
import type { Occasion } from '../../domain/chat-messages.js';
import type { Message } from '../../providers/provider.js';
import { isForEverybody } from './is-for-everybody.js';

type Facts = Message['facts'];

/** Composes a message from an event, and from its incident and its plan as they are now. */
@Injectable()
export class ComposeMessage {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly remediations: Remediations,
  ) {}

  async execute(tenantId: TenantId, occasion: Occasion): Promise<Message> {
    const { incidentId, remediationId } = occasion.event.data as Record<string, unknown>;
    const incident =
      typeof incidentId === 'string' ? await this.incidents.find(tenantId, incidentId) : undefined;
    const plan =
      typeof remediationId === 'string' ? await this.remediations.plan(tenantId, remediationId) : undefined;
    return messageAbout(occasion, incident, plan);
  }
}

export function messageAbout(
  { event, trigger, text }: Occasion,
  incident?: IncidentSnapshot,
  plan?: ProposedPlan,
): Message {
  const fields = Object.entries(event.data);
  const ids = fields.flatMap(([name, value]) => (isIdOf(name, value) ? value : []));
  const lists = fields.flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0 ? { name: wordsOf(name), items: value.map(String) } : [],
  );
  const { approvalId } = event.data as Record<string, unknown>;
  const planned = plan && !('steps' in event.data) ? plan.steps.map(({ description }) => description) : [];
  return {
    headline: wordsOf(event.type),
    subject: incident?.title ?? null,
    text,
    facts: [
      ...(incident ? factsOf(incident) : []),
      ...(plan ? [{ name: 'Plan', value: plan.title }] : []),
      ...fields.flatMap(([name, value]) => {
        // The incident is newer than its event.
        const isKnown = isIdOf(name, value) || isSetIn(incident, name);
        return isKnown || !isScalar(value) ? [] : { name: wordsOf(name), value: String(value) };
      }),
    ],
    lists: planned.length > 0 ? [...lists, { name: 'Steps', items: planned }] : lists,
    references: [...ids, `Trigger: ${trigger}`],
    approvalId:
      event.type === ApprovalRequested.definition.type && typeof approvalId === 'string' ? approvalId : null,
    isForEverybody: isForEverybody(event),
  };
}

function factsOf({ severity, status, service, environment, rootCause, confidence }: IncidentSnapshot): Facts {
  const sure = confidence === null ? '' : ` (confidence ${Math.round(confidence * 100)} %)`;
  return [
    { name: 'Severity', value: severity },
    { name: 'Status', value: status },
    ...(service === null ? [] : [{ name: 'Service', value: service }]),
    ...(environment === null ? [] : [{ name: 'Environment', value: environment }]),
    ...(rootCause === null ? [] : [{ name: `Root cause${sure}`, value: rootCause }]),
  ];
}

function isSetIn(incident: IncidentSnapshot | undefined, name: string): boolean {
  return (incident?.[name as keyof IncidentSnapshot] ?? null) !== null;
}

function isIdOf(name: string, value: unknown): value is string {
  return name.endsWith('Id') && typeof value === 'string';
}

function isScalar(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** `incident.status_changed` as “Incident status changed”, `newStatus` as “New status”. */
function wordsOf(name: string): string {
  const words = name.replace(/[._]|(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
