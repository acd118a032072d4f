import type { EvidenceSet } from '../evidence/evidence-set.js';
import { type Attribution, attributeExcess } from '../metrics/excess-mass.js';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import {
  isUnusual,
  type MeasuredExcess,
  requestExcess,
  symptomOf,
  type Symptom,
} from '../metrics/request-excess.js';
import { outlierScores } from '../topology/suspects.js';
import { sameService } from '../evidence/service-name.js';
import { clockTime, count, percent } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';
import { DEPENDENCY_ANALYSIS as NAME } from './names.js';

const MAX_SHOWN = 3;
/** The smallest share of the damage for a hypothesis. */
const NOTABLE = 0.2;
const USUAL_SHARE = 0.2;
/** Weight of suspects when the damage is no larger than it sometimes is. */
const WHEN_USUAL = 0.2;

/**
 * Separates the entities that cause damage from those that pass it on: the excess latency or failures of requests at each
 * entity, less that at the entities it calls.
 */
export const dependencyAnalysis: Agent = {
  name: NAME,
  needs: ['metric', 'topology'],
  after: [],
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const { incident, onset } = context;
    const edges = evidence.edges.length;
    if (edges === 0) {
      return reportOf(NAME, 'Who calls whom is not known, so no damage was traced along the calls.', {
        missing: [missingEvidence('topology', incident)],
      });
    }
    if (incident.service === null) {
      return reportOf(NAME, 'The alert names no service, so there was nowhere to start tracing from.');
    }
    const suffering = symptomOf(incident, evidence.series, onset.at);
    const measured = requestExcess(evidence.series, suffering, onset.at);
    const attributions = attributeExcess(measured, incident.service, evidence.callGraph);
    const [worst] = attributions;
    const traced = `Traced ${suffering} of ${count(measured.length, 'entity', 'entities')}`;
    if (!worst) {
      return measured.length > 0
        ? reportOf(NAME, `${traced}; ${incident.service} shows none beyond normal.`)
        : reportOf(
            NAME,
            `No entity has both a request count and a measure of ${suffering}, so no damage was traced.`,
            { missing: [missingEvidence('requests', incident)] },
          );
    }
    const unusual = measured
      .filter(({ entity }) => sameService(entity, incident.service ?? ''))
      .some((failing) => measured.some((each) => each.entity === worst.entity && isUnusual(failing, each)));
    // A percentile times the number of requests only estimates the total latency, which is too inexact for suspects.
    const exact = measured.every((each) => each.exact);
    const evidenceIds = evidenceOf(measured, evidence);
    const shown = attributions.slice(0, MAX_SHOWN);
    const message = `${traced} along ${count(edges, 'call path')}; ${worst.entity} causes ${percent(worst.share)} of it.`;
    return reportOf(NAME, message, {
      findings: shown.map((each) => toFinding(each, suffering, evidenceIds(each), context)),
      hypotheses: shown
        .filter(({ share }) => share >= NOTABLE)
        .map((each) => toHypothesis(each, suffering, evidenceIds(each), incident.service ?? '', unusual)),
      suspects: exact
        ? outlierScores(new Map(attributions.map(({ entity, share }) => [entity, share])), {
            tolerance: USUAL_SHARE,
            population: measured.length,
            weight: unusual ? 1 : WHEN_USUAL,
          })
        : [],
    });
  },
};

/** An attribution cites the entity's own series and the edges that were subtracted. */
function evidenceOf(
  measured: readonly MeasuredExcess[],
  evidence: EvidenceSet,
): (of: Attribution) => string[] {
  const edges = evidence.edges.map(({ evidenceId }) => evidenceId);
  const series = new Map(measured.map(({ entity, evidenceIds }) => [entity, evidenceIds]));
  return ({ entity }) => [...(series.get(entity) ?? []), ...edges];
}

function toFinding(
  { entity, share, mass, own }: Attribution,
  suffering: Symptom,
  evidenceIds: readonly string[],
  { onset }: InvestigationContext,
): Finding {
  const passedOn = mass > 0 ? 1 - own / mass : 0;
  return finding({
    statement:
      `Since ${clockTime(onset.at)} ${entity} causes ${percent(share)} of the ${suffering} beyond normal itself; ` +
      `${percent(passedOn)} of what is seen at it comes from what it calls.`,
    evidenceIds,
    kind: 'excess',
    entity,
    at: onset.at,
    score: share,
    data: { suffering, mass, own },
  });
}

function toHypothesis(
  { entity, share }: Attribution,
  suffering: Symptom,
  evidenceIds: readonly string[],
  failing: string,
  unusual: boolean,
): Hypothesis {
  const own = sameService(entity, failing);
  return hypothesis({
    statement: `${own ? 'The trouble is inside' : 'A dependency is failing:'} ${entity}, which causes ${percent(share)} of the ${suffering} beyond normal itself`,
    score: unusual ? 0.25 + 0.35 * share : 0.1 + 0.2 * share,
    status: unusual ? 'supported' : 'open',
    supportedBy: evidenceIds,
    category: own ? 'errors' : 'dependency',
    witnesses: ['excess'],
    entity,
    ...(unusual ? {} : { because: `${failing} suffers no more than it sometimes did before.` }),
  });
}
