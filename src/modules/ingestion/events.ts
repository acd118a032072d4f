import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { words } from '#kernel/domain/words';
import { defineEvent } from '#kernel/events/define-event';
import { IdOf, OneOf, Text, Texts } from '#kernel/http/fields';

export const INCIDENT_STATUSES = words('IncidentStatus', [
  'open',
  'triaging',
  'investigating',
  'awaiting_approval',
  'remediating',
  'resolved',
  'closed',
]);
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

export const INCIDENT_SOURCES = words('IncidentSource', ['automated', 'manual']);
export type IncidentSource = (typeof INCIDENT_SOURCES)[number];

class IncidentCreatedData {
  @IdOf('inc') incidentId!: string;
  @Text({ max: 500 }) title!: string;
  @OneOf(SEVERITIES) severity!: Severity;
  @OneOf(INCIDENT_STATUSES) status!: IncidentStatus;
  @OneOf(INCIDENT_SOURCES, { summary: 'automated: an alert opened it; manual: a person did' })
  source!: IncidentSource;
}

export class IncidentCreated extends defineEvent({
  type: 'incident.created',
  summary: 'A new incident is opened, by an alert or by a person',
  data: IncidentCreatedData,
  example: {
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    title: 'Checkout service returning 503 for EU customers',
    severity: 'critical',
    status: 'open',
    source: 'automated',
  },
  audience: 'public',
}) {}

class IncidentStatusChangedData {
  @IdOf('inc') incidentId!: string;
  @OneOf(INCIDENT_STATUSES) previousStatus!: IncidentStatus;
  @OneOf(INCIDENT_STATUSES) newStatus!: IncidentStatus;
}

export class IncidentStatusChanged extends defineEvent({
  type: 'incident.status_changed',
  summary: 'An incident moves to a new lifecycle status',
  data: IncidentStatusChangedData,
  example: {
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    previousStatus: 'investigating',
    newStatus: 'awaiting_approval',
  },
  audience: 'public',
}) {}

class IncidentSeverityChangedData {
  @IdOf('inc') incidentId!: string;
  @OneOf(SEVERITIES) previousSeverity!: Severity;
  @OneOf(SEVERITIES) newSeverity!: Severity;
}

export class IncidentSeverityChanged extends defineEvent({
  type: 'incident.severity_changed',
  summary: 'A person changes the severity of an incident; shown on its timeline only',
  data: IncidentSeverityChangedData,
  example: { incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE', previousSeverity: 'medium', newSeverity: 'high' },
}) {}

class IncidentsDeletedData {
  @Texts({ min: 1, max: 500 }) incidentIds!: string[];
}

/** Each module that stores rows about incidents reacts by deleting those of these incidents. */
export class IncidentsDeleted extends defineEvent({
  type: 'incident.deleted',
  summary: 'Incidents that outlived their retention are deleted',
  data: IncidentsDeletedData,
  example: { incidentIds: ['inc_01HX9VTPQR3KF8MZWBYD5N6JCE'] },
}) {}
