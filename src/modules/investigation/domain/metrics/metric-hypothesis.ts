import type { EntityRanking } from '../topology/entity-ranking.js';
import { type CauseCategory, hypothesis, type Hypothesis } from '../hypothesis.js';
import { describeShift, type MetricShift } from './metric-shift.js';
import { sameService } from '../evidence/service-name.js';
import { clockTime } from '../wording.js';

/**
 * The hypothesis that an entity is the root cause, from its metrics. It stays open when the anomaly may come from a
 * callee, when the entity shows only the symptom of the alert and no anomaly propagates from it, and when the alerting
 * service itself is healthy.
 * @param failing the alerting service
 * @param healthy the series that show the alerting service to be healthy; empty when it is not
 */
export function metricHypothesis(
  ranking: EntityRanking,
  failing: string | null,
  healthy: readonly MetricShift[],
): Hypothesis {
  const { entity, score, shifts, demand } = ranking;
  const cause =
    demand ??
    shifts.find(({ role }) => role === 'saturation') ??
    shifts.find(({ role }) => role !== 'traffic');
  const category = categoryOf(ranking, cause, failing);
  const because = whyOpen(ranking, category, healthy.length > 0);
  return hypothesis({
    statement: statementOf(category, entity, cause),
    score: because === undefined ? 0.3 + 0.25 * score : 0.1 + 0.2 * score,
    status: because === undefined ? 'supported' : 'open',
    supportedBy: shifts.flatMap(({ series }) => series.evidenceIds),
    contradictedBy: healthy.flatMap(({ series }) => series.evidenceIds),
    category,
    witnesses: demand ? ['metric_shift', 'demand_rise'] : ['metric_shift'],
    entity,
    ...(because === undefined ? {} : { because }),
  });
}

function categoryOf(
  { entity, demand }: EntityRanking,
  cause: MetricShift | undefined,
  failing: string | null,
): CauseCategory {
  if (demand) return 'demand';
  if (cause?.role === 'saturation') return 'resource';
  return failing === null || sameService(entity, failing) ? 'errors' : 'dependency';
}

function whyOpen(
  { explanation, isSource, indistinguishableFrom }: EntityRanking,
  category: CauseCategory,
  isHealthy: boolean,
): string | undefined {
  if (isHealthy) return 'The failing service itself stayed within normal.';
  if (explanation !== undefined) return explanation;
  if (category !== 'errors' && category !== 'dependency') return undefined;
  if (indistinguishableFrom !== undefined) {
    return `${indistinguishableFrom} fails in the same way, and it is not known which of the two calls the other.`;
  }
  return category === 'errors' && !isSource ? 'The metrics show what is affected, but not why.' : undefined;
}

function statementOf(category: CauseCategory, entity: string, cause: MetricShift | undefined): string {
  const shown = cause ? `${describeShift(cause)} at ${clockTime(cause.at)}` : 'its metrics left normal';
  if (category === 'demand') return `More demand on ${entity}: ${shown}, no later than anything else moved`;
  if (category === 'resource') return `A resource of ${entity} ran short: ${shown}`;
  if (category === 'dependency') return `A dependency is failing: on ${entity} ${shown}`;
  return `The trouble is inside ${entity}: ${shown}`;
}
