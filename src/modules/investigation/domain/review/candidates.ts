import type { AgentReport, InvestigationContext } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { shortened } from '../wording.js';

/** What a model may name: an entity or a change that occurs in the run. */
export interface Candidate {
  /** `e1`, `c1`. */
  readonly id: string;
  readonly kind: 'entity' | 'change';
  /** The entity, or the service of the change. */
  readonly entity: string;
  /** For display. */
  readonly label: string;
  /** Names of it that a sentence of the model may contain. */
  readonly names: readonly string[];
}

const MAX_ENTITIES = 60;
const MAX_CHANGES = 40;

/** Suspected entities come first; lists beyond the maximum are truncated. */
export function candidatesOf(evidence: EvidenceSet, context: InvestigationContext): Candidate[] {
  const entities = [...new Set(entityNames(evidence, context))].filter((name) => name !== '');
  return [
    ...entities.slice(0, MAX_ENTITIES).map((entity, i): Candidate => ({
      id: `e${String(i + 1)}`,
      kind: 'entity',
      entity,
      label: entity,
      names: [entity],
    })),
    ...evidence.changes.slice(-MAX_CHANGES).map(({ row }, i): Candidate => {
      const { type, service, version, commit, changeId, summary } = row;
      return {
        id: `c${String(i + 1)}`,
        kind: 'change',
        entity: service,
        label: `${type} of ${service}${version === undefined ? '' : ` ${version}`}: ${shortened(summary)}`,
        names: [service, version, commit, changeId].filter((name) => name !== undefined),
      };
    }),
  ];
}

function* entityNames(evidence: EvidenceSet, { incident, reports }: InvestigationContext): Generator<string> {
  if (incident.service !== null) yield incident.service;
  for (const name of suspectedBy(reports)) yield name;
  for (const { entity } of evidence.series) yield entity;
  for (const { row } of evidence.edges) yield* [row.caller, row.callee];
  for (const { row } of evidence.logs) yield row.entity;
  for (const { row } of evidence.spans) yield row.entity;
}

function suspectedBy(reports: readonly AgentReport[]): string[] {
  return reports.flatMap(({ hypotheses, suspects }) => [
    ...hypotheses.flatMap(({ entity }) => entity ?? []),
    ...suspects.map(({ entity }) => entity),
  ]);
}
