import type { IncidentSnapshot } from '../api.js';
import type { Incident } from '../domain/incident.js';

/** An incident as plain data, as lists read it. */
export type IncidentRow = Omit<IncidentSnapshot, 'tenantId'>;

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
