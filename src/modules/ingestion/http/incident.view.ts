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

/** Identifies the version of an incident, for `If-Match`. */
export function etagOf(incident: Incident): string {
  return `"${incident.version}"`;
}

/** The versions that `If-Match` accepts; undefined accepts any. A tag that was never issued matches none. */
export function versionsOf(ifMatch: string | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return ifMatch.split(',').map((tag) => Number(/^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(tag)?.[1] ?? NaN));
}
