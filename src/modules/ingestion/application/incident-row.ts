import type { Incident } from '../domain/incident.js';
import type { IncidentSource, IncidentStatus, Severity } from '../events.js';

/** An incident as plain data, as lists read it. */
export interface IncidentRow {
  readonly incidentId: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly status: IncidentStatus;
  readonly source: IncidentSource;
  readonly provider: string | null;
  readonly sourceAlertId: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly rootCause: string | null;
  readonly confidence: number | null;
  readonly recommendedActions: readonly string[];
  readonly alertCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly resolvedAt: Date | null;
}

export function incidentRow(incident: Incident): IncidentRow {
  const { incidentId, title, description, severity, status, source, provider, sourceAlertId, service } =
    incident;
  const { environment, tags, metadata, rootCause, confidence, recommendedActions, alertCount } = incident;
  const { createdAt, updatedAt, resolvedAt } = incident;
  return {
    incidentId, title, description, severity, status, source, provider, sourceAlertId, service,
    environment, tags, metadata, rootCause, confidence, recommendedActions, alertCount,
    createdAt, updatedAt, resolvedAt,
  }; // prettier-ignore
}
