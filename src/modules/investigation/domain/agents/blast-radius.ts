import type { CallGraph } from '../topology/call-graph.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { finding, type Finding, type FindingKind } from '../finding.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { asShares, combineSuspects } from '../topology/suspects.js';
import { count, listed } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';

const NAME = 'blast radius';
/** The smallest share of all suspicion for the first suspect to be the centre; else the incident's service is. */
const SUSPECTED = 0.3;
const MAX_NAMED = 8;

/** Kinds of finding that show a symptom of their entity. */
const SUFFERING: ReadonlySet<FindingKind> = new Set<FindingKind>([
  'metric_shift', 'new_error', 'risen_error', 'slow_call', 'missing_call', 'unusual_alerts', 'platform_state',
]); // prettier-ignore

/**
 * Reports how far the incident reaches: which direct and indirect callers of the first suspect have symptoms, and which
 * other services do. It suggests no cause; it tells on-call engineers which teams to warn.
 */
export const blastRadius: Agent = {
  name: NAME,
  needs: ['topology', 'trace'],
  after: 'all',
  run(evidence: EvidenceSet, { incident, reports }: InvestigationContext): AgentReport {
    const graph = evidence.callGraph;
    if (graph.isEmpty) {
      return reportOf(NAME, 'Who calls whom is not known, so how far the trouble reaches is not either.', {
        missing: [missingEvidence('topology', incident)],
      });
    }
    const [first] = asShares(combineSuspects(...reports.map(({ suspects }) => suspects)));
    const centre = first && first.score >= SUSPECTED ? first.entity : incident.service;
    if (centre === null) return reportOf(NAME, 'Nobody is suspected, so there is no centre to measure from.');
    const callers = graph.transitiveCallers(centre);
    const suffering = sufferingIn(reports, graph);
    const hurt = callers.filter((service) => suffering.has(service));
    const apart = [...suffering.keys()].filter(
      (service) => service !== graph.nodeOf(centre) && !callers.includes(service),
    );
    const edges = evidence.edges.map(({ evidenceId }) => evidenceId);
    const cited = (services: readonly string[]): string[] => [
      ...edges,
      ...services.flatMap((service) => suffering.get(service) ?? []),
    ];
    const reach = reachOf(centre, callers, hurt);
    const others =
      `${listed(apart, MAX_NAMED)} ${apart.length === 1 ? 'suffers' : 'suffer'} too, and no call that is known leads ` +
      `from there to ${centre}.`;
    return reportOf(NAME, reach, {
      findings: [
        ...findingUnlessUncited(reach, cited(hurt), centre, { hurt, callers: callers.length }),
        ...(apart.length > 0 ? findingUnlessUncited(others, cited(apart), centre, { apart }) : []),
      ],
    });
  },
};

/** A finding, or none if there is nothing to cite, such as when the call graph has no evidence id. */
function findingUnlessUncited(
  statement: string,
  evidenceIds: readonly string[],
  entity: string,
  data: Finding['data'] & object,
): Finding[] {
  return evidenceIds.length === 0
    ? []
    : [finding({ statement, evidenceIds, kind: 'blast_radius', entity, data })];
}

function reachOf(centre: string, callers: readonly string[], hurt: readonly string[]): string {
  if (callers.length === 0) return `No service is known to call ${centre}.`;
  const all = `${count(callers.length, 'service calls', 'services call')} ${centre}, directly or not`;
  if (hurt.length === 0) return `${all}; none of them shows trouble.`;
  return `${all}; ${hurt.length === 1 ? '1 shows' : `${String(hurt.length)} show`} trouble: ${listed(hurt, MAX_NAMED)}.`;
}

/** Ids of the evidence of symptoms, by service as named in the call graph. */
function sufferingIn(reports: readonly AgentReport[], graph: CallGraph): Map<string, readonly string[]> {
  const suffering = new Map<string, readonly string[]>();
  for (const { kind, entity, evidenceIds } of reports.flatMap(({ findings }) => findings)) {
    if (entity === undefined || !SUFFERING.has(kind)) continue;
    const service = graph.nodeOf(entity);
    suffering.set(service, [...(suffering.get(service) ?? []), ...evidenceIds]);
  }
  return suffering;
}
