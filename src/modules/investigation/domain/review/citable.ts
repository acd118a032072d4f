import type { InvestigationContext } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { Evidence } from '../evidence/evidence.js';

/** A piece of evidence as a model sees it: one line per row, and only what stands there can be quoted. */
export interface Citable {
  readonly evidenceId: string;
  readonly type: Evidence['type'];
  readonly source: string;
  readonly size: number;
  line(place: number): string;
}

export type CaseText = ReadonlyMap<string, Citable>;

/** All that a run may cite, by id: what it read, and what it knew before. */
export function caseText(evidence: EvidenceSet, context: InvestigationContext): CaseText {
  const { incident, earlierIncidents, knownSolution } = context;
  const told = [
    citable(incident.evidenceId, 'platform_event', 'alert', [
      incident.title,
      incident.description,
      JSON.stringify({ service: incident.service, environment: incident.environment, tags: incident.tags }),
    ]),
    ...earlierIncidents.map(({ evidenceId, title, description, rootCause }) =>
      citable(evidenceId, 'note', 'earlier incident', [title, description, rootCause ?? 'no root cause']),
    ),
    ...(knownSolution
      ? [
          citable(knownSolution.evidenceId, 'runbook', 'known pattern', [
            knownSolution.title,
            knownSolution.rootCause ?? 'no root cause',
          ]),
        ]
      : []),
  ];
  const read = evidence.items.map(({ evidenceId, type, source, rows }): Citable => ({
    evidenceId,
    type,
    source,
    size: rows.length,
    line: (place) => lineOf(rows[place]),
  }));
  return new Map([...told, ...read].map((each) => [each.evidenceId, each]));
}

/** Whether the words stand in one row of the evidence exactly so. */
export function holdsQuote(text: CaseText, evidenceId: string, quote: string): boolean {
  const piece = text.get(evidenceId);
  if (!piece || quote.trim().length < LEAST_QUOTE) return false;
  for (let place = 0; place < piece.size; place += 1) if (piece.line(place).includes(quote)) return true;
  return false;
}

const LEAST_QUOTE = 4;

function citable(
  evidenceId: string,
  type: Evidence['type'],
  source: string,
  lines: readonly string[],
): Citable {
  return { evidenceId, type, source, size: lines.length, line: (place) => lines[place] ?? '' };
}

function lineOf(row: Evidence['rows'][number] | undefined): string {
  if (row === undefined) return '';
  if ('message' in row && 'timestamp' in row)
    return `${clock(row.timestamp)} ${row.entity} ${row.level ?? ''} ${row.message}`;
  if ('metric' in row) return `${clock(row.timestamp)} ${row.entity} ${row.metric} ${String(row.value)}`;
  return JSON.stringify(row);
}

function clock(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'no time' : date.toISOString();
}
