import { healthySeries } from '../metrics/healthy-series.js';
import { compareText } from '../compare-text.js';
import { rankEntities } from '../topology/entity-ranking.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { finding, type Finding } from '../finding.js';
import { metricHypothesis } from '../metrics/metric-hypothesis.js';
import { metricShift, type MetricShift, describeShift } from '../metrics/metric-shift.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { combineSuspects, outlierScores } from '../topology/suspects.js';
import { clockTime, count } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';
import { METRICS_ANALYSIS as NAME } from './names.js';

const MAX_FINDINGS = 12;
const MAX_HYPOTHESES = 3;
const USUAL_EFFECT = 1.5;
const USUAL_STRENGTH = 0.6;
/** Weight of entities that are slow or failing, since they may only pass on failures of others. */
const WEIGHT_OF_SYMPTOMS = 0.3;

/**
 * Compares each metric series with itself before the onset (robust scorer, Pham et al. 2024), then ranks entities along
 * the call graph: one whose callees all stayed normal is nearer to the cause than one that waits for an abnormal callee.
 */
export const metricsAnalysis: Agent = {
  name: NAME,
  needs: ['metric', 'database', 'topology'],
  after: [],
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const { incident, onset } = context;
    if (evidence.series.length === 0) {
      return reportOf(NAME, 'No metrics were attached or pulled, so none were read.', {
        missing: [missingEvidence('metrics', incident)],
      });
    }
    const compared = evidence.series
      .map((series) => metricShift(series, onset.at))
      .filter((s) => s !== undefined);
    if (compared.length === 0) {
      const read = `Read ${count(evidence.series.length, 'metric series', 'metric series')}`;
      const apart = `but none has samples both before and after ${clockTime(onset.at)} to compare`;
      return reportOf(NAME, `${read}, ${apart}.`, {
        missing: [missingEvidence('comparable metrics', incident)],
      });
    }
    const shifts = compared.filter(({ shifted }) => shifted).sort(byScore);
    const calm = healthySeries(compared, incident);
    const graph = evidence.callGraph;
    const topmost = rankEntities([...shifts, ...compared.filter(({ shifted }) => !shifted)], graph, {
      failing: incident.service,
      since: onset.at,
    });
    const population = new Set(evidence.series.map(({ entity }) => entity)).size;
    return reportOf(NAME, message(compared, shifts), {
      findings: [...calmFinding(calm, context), ...shifts.slice(0, MAX_FINDINGS).map(shiftFinding)],
      hypotheses: topmost
        .slice(0, MAX_HYPOTHESES)
        .map((ranking) => metricHypothesis(ranking, incident.service, calm)),
      suspects: combineSuspects(
        outlierScores(resourceEffects(shifts), { tolerance: USUAL_EFFECT, population }),
        outlierScores(new Map(topmost.map(({ entity, score }) => [entity, score])), {
          tolerance: USUAL_STRENGTH,
          population,
          weight: WEIGHT_OF_SYMPTOMS,
        }),
      ),
      missing: graph.isEmpty && shifts.length > 1 ? [missingEvidence('topology', incident)] : [],
    });
  },
};

/** The largest effect (log of the relative change) on a saturation metric, by entity. A score would overrate series with tiny variance. */
function resourceEffects(shifts: readonly MetricShift[]): Map<string, number> {
  const effects = new Map<string, number>();
  for (const { role, effect, series } of shifts) {
    if (role !== 'saturation') continue;
    effects.set(series.entity, Math.max(Math.log1p(effect), effects.get(series.entity) ?? 0));
  }
  return effects;
}

function shiftFinding(shift: MetricShift): Finding {
  const { series, score, at, normal, worst } = shift;
  return finding({
    statement: `${series.metric} of ${series.entity} ${describeShift(shift).slice(series.metric.length + 1)} from ${clockTime(at)} on.`,
    evidenceIds: series.evidenceIds,
    kind: 'metric_shift',
    entity: series.entity,
    at,
    score,
    data: { metric: series.metric, unit: series.unit ?? null, normal, worst },
  });
}

/** A finding that the failing service is healthy. */
function calmFinding(calm: readonly MetricShift[], { incident }: InvestigationContext): Finding[] {
  if (calm.length === 0) return [];
  return [
    finding({
      statement:
        `${count(calm.length, 'metric series', 'metric series')} of ${incident.service ?? 'all services'} stayed ` +
        `within normal around ${clockTime(incident.alertedAt)}.`,
      evidenceIds: calm.flatMap(({ series }) => series.evidenceIds),
      kind: 'metrics_quiet',
      at: incident.alertedAt,
    }),
  ];
}

function message(compared: readonly MetricShift[], shifts: readonly MetricShift[]): string {
  const read = `Compared ${count(compared.length, 'metric series', 'metric series')}`;
  const worst = shifts[0];
  if (!worst) return `${read}; all stayed within normal.`;
  const entities = new Set(shifts.map(({ series }) => series.entity)).size;
  return (
    `${read}; ${count(shifts.length, 'series', 'series')} of ${count(entities, 'entity', 'entities')} left normal, ` +
    `most of all ${worst.series.entity}: ${describeShift(worst)}.`
  );
}

function byScore(a: MetricShift, b: MetricShift): number {
  return (
    b.score - a.score ||
    compareText(a.series.entity, b.series.entity) ||
    compareText(a.series.metric, b.series.metric)
  );
}
