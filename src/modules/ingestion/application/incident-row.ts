import type { IncidentSnapshot } from '../api.js';
import type { Incident } from '../domain/incident.js';

/** An incident as plain data, as lists read it. */
export type IncidentRow = Omit<IncidentSnapshot, 'tenantId'>;

/** The columns of an `IncidentRow` in SQL. */
export const INCIDENT_COLUMNS = `incident_id AS "incidentId", title, description, severity, status, source, provider,
  source_alert_id AS "sourceAlertId", service, environment, tags, metadata, root_cause AS "rootCause", confidence,
  recommended_actions AS "recommendedActions", alert_count AS "alertCount", created_at AS "createdAt",
  updated_at AS "updatedAt", resolved_at AS "resolvedAt"`;

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
