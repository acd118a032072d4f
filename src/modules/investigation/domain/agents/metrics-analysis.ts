import { CallGraph } from '../call-graph.js';
import { compareText } from '../compare-text.js';
import { demandThatCameFirst, type EntityRanking, rankEntities } from '../entity-ranking.js';
import type { EvidenceSet } from '../evidence-set.js';
import { finding, type Finding } from '../finding.js';
import { type CauseCategory, hypothesis, type Hypothesis } from '../hypothesis.js';
import type { MetricRole } from '../metric-profile.js';
import { metricShift, type MetricShift } from '../metric-shift.js';
import { missingEvidence } from '../missing-evidence.js';
import { sameService } from '../service-name.js';
import { amount, clockTime, count } from '../wording.js';
import type { Agent, AgentReport, InvestigationContext, Suspect } from './agent.js';

const NAME = 'metrics analysis';
const MOST_FINDINGS = 12;
const MOST_HYPOTHESES = 3;
const SYMPTOMS: ReadonlySet<MetricRole> = new Set(['latency', 'errors', 'availability']);

/**
 * Compares each metric series with itself before the onset (robust scorer, Pham et al. 2024), then asks who is at
 * the bottom: an entity whose callees all stayed normal is nearer to the cause than one that merely waits for them.
 */
export const metricsAnalysis: Agent = {
  name: NAME,
  needs: ['metric', 'database', 'topology'],
  after: [],
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const { incident, onset } = context;
    const nothing = { agentName: NAME, findings: [], hypotheses: [], suspects: [] };
    if (evidence.series.length === 0) {
      return {
        ...nothing,
        missing: [missingEvidence('metrics', incident)],
        message: 'No metrics were attached or pulled, so none were read.',
      };
    }
    const compared = evidence.series
      .map((series) => metricShift(series, onset.at))
      .filter((s) => s !== undefined);
    if (compared.length === 0) {
      return {
        ...nothing,
        missing: [missingEvidence('metrics', incident)],
        message:
          `Read ${count(evidence.series.length, 'metric series', 'metric series')}, but none has samples both ` +
          `before and after ${clockTime(onset.at)} to compare.`,
      };
    }
    const shifts = compared.filter(({ shifted }) => shifted).sort(byScore);
    const graph = new CallGraph([...context.topology, ...evidence.edges.map(({ row }) => row)]);
    const topmost = rankEntities(shifts, graph, incident.service);
    return {
      agentName: NAME,
      findings:
        shifts.length > 0 ? shifts.slice(0, MOST_FINDINGS).map(shiftFinding) : quiet(compared, context),
      hypotheses: topmost.slice(0, MOST_HYPOTHESES).map((ranking) => toHypothesis(ranking, context)),
      suspects: topmost.map(({ entity, score }): Suspect => ({ entity, score })),
      missing: graph.isEmpty && shifts.length > 1 ? [missingEvidence('topology', incident)] : [],
      message: message(compared, shifts),
    };
  },
};

function toHypothesis(
  { entity, score, shifts, explained }: EntityRanking,
  { incident }: InvestigationContext,
): Hypothesis {
  const demand = demandThatCameFirst(shifts);
  const cause = demand ?? shifts.find(({ role }) => role === 'saturation') ?? shifts[0];
  const own = incident.service !== null && sameService(entity, incident.service);
  const category: CauseCategory = demand
    ? 'demand'
    : cause?.role === 'saturation'
      ? 'resource'
      : own || incident.service === null
        ? 'errors'
        : 'dependency';
  // A service that is slow because what it calls is slow, or of which only the alert's own symptom is seen, has no
  // cause in it yet.
  const localised = !explained && category !== 'errors';
  return hypothesis({
    statement: statementOf(category, entity, cause),
    score: localised ? 0.3 + 0.25 * score : 0.1 + 0.2 * score,
    status: localised ? 'supported' : 'open',
    supportedBy: shifts.flatMap(({ series }) => series.evidenceIds),
    contradictedBy: [],
    category,
    witnesses: demand ? ['metric_shift', 'demand_rise'] : ['metric_shift'],
    entity,
    ...(localised
      ? {}
      : {
          because: explained
            ? 'Something it calls left normal too.'
            : 'The metrics tell what suffers, not why.',
        }),
  });
}

function statementOf(category: CauseCategory, entity: string, cause: MetricShift | undefined): string {
  const shown = cause ? `${movement(cause)} at ${clockTime(cause.at)}` : 'its metrics left normal';
  if (category === 'demand') return `More demand on ${entity}: ${shown}, no later than anything else moved`;
  if (category === 'resource') return `A resource of ${entity} ran short: ${shown}`;
  if (category === 'dependency') return `A dependency is failing: on ${entity} ${shown}`;
  return `The trouble is inside ${entity}: ${shown}`;
}

function shiftFinding(shift: MetricShift): Finding {
  const { series, score, at, normal, worst } = shift;
  return finding({
    statement: `${series.metric} of ${series.entity} ${movement(shift).slice(series.metric.length + 1)} from ${clockTime(at)} on.`,
    evidenceIds: series.evidenceIds,
    kind: 'metric_shift',
    entity: series.entity,
    at,
    score,
    data: { metric: series.metric, unit: series.unit ?? null, normal, worst },
  });
}

/** `latency_ms rose from 12 to 480`. */
function movement({ series, normal, worst }: MetricShift): string {
  const unit = series.unit === undefined || series.unit === '1' ? '' : ` ${series.unit}`;
  return `${series.metric} ${worst >= normal ? 'rose' : 'fell'} from ${amount(normal)} to ${amount(worst)}${unit}`;
}

/** That nothing is wrong is a finding too, but only where the failing service itself was measured at the alert. */
function quiet(compared: readonly MetricShift[], { incident }: InvestigationContext): Finding[] {
  const { service, alertedAt } = incident;
  const own = compared.filter(
    ({ series }) =>
      (service === null || sameService(series.entity, service)) &&
      (series.timestamps.at(-1) ?? 0) >= alertedAt,
  );
  // A flat CPU says nothing about an alert on failing requests.
  if (!own.some(({ role }) => SYMPTOMS.has(role))) return [];
  return [
    finding({
      statement:
        `${count(own.length, 'metric series', 'metric series')} of ${service ?? 'all services'} stayed within ` +
        `normal around ${clockTime(alertedAt)}.`,
      evidenceIds: own.flatMap(({ series }) => series.evidenceIds),
      kind: 'metrics_quiet',
      at: alertedAt,
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
    `most of all ${worst.series.entity}: ${movement(worst)}.`
  );
}

function byScore(a: MetricShift, b: MetricShift): number {
  return (
    b.score - a.score ||
    compareText(a.series.entity, b.series.entity) ||
    compareText(a.series.metric, b.series.metric)
  );
}
