import type { IncidentRow } from '../application/incident-row.js';
import type { Incident } from '../domain/incident.js';
import type { IncidentView } from './incidents.dto.js';

export function incidentView(row: IncidentRow): IncidentView {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
  };
}

/** Changes with every change of the incident, so that `If-Match` can tell whether somebody was faster. */
export function etagOf(incident: Incident): string {
  return `"${incident.version}"`;
}

/** The versions that a change is meant for; any when there is no such header. A tag that we never gave out is none. */
export function versionsOf(ifMatch: string | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return ifMatch.split(',').map((tag) => Number(/^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(tag)?.[1] ?? NaN));
}
