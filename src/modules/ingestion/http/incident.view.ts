import { Refusal } from '#kernel/domain/errors';
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

/** @throws Refusal `precondition_failed` for a tag that we never gave out */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const [, version] = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch.trim()) ?? [];
  if (version === undefined)
    throw new Refusal('precondition_failed', 'If-Match is not an ETag of this incident.');
  return Number(version);
}
