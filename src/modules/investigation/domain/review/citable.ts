import type { InvestigationContext } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { Evidence } from '../evidence/evidence.js';

/** A piece of evidence as the model reads and quotes it: one line per row. */
export interface Citable {
  readonly evidenceId: string;
  readonly type: Evidence['type'];
  readonly source: string;
  /** The number of lines. */
  readonly size: number;
  line(index: number): string;
}

/** By evidence id. */
export type CaseText = ReadonlyMap<string, Citable>;

/** Everything that the run may cite: its evidence, the alert, earlier incidents and the known solution. */
export function caseText(evidence: EvidenceSet, context: InvestigationContext): CaseText {
  const { incident, earlierIncidents, knownSolution } = context;
  const fromContext = [
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
    line: (index) => lineOf(rows[index]),
  }));
  return new Map([...fromContext, ...read].map((each) => [each.evidenceId, each]));
}

/** Whether one row of the evidence contains the quote literally. Shorter quotes than `MIN_QUOTE` do not count. */
export function holdsQuote(text: CaseText, evidenceId: string, quote: string): boolean {
  const piece = text.get(evidenceId);
  if (!piece || quote.trim().length < MIN_QUOTE) return false;
  for (let i = 0; i < piece.size; i += 1) if (piece.line(i).includes(quote)) return true;
  return false;
}

const MIN_QUOTE = 4;

function citable(
  evidenceId: string,
  type: Evidence['type'],
  source: string,
  lines: readonly string[],
): Citable {
  return { evidenceId, type, source, size: lines.length, line: (index) => lines[index] ?? '' };
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
