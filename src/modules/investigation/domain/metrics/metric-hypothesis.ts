import type { EntityRanking } from '../topology/entity-ranking.js';
import { type CauseCategory, hypothesis, type Hypothesis } from '../hypothesis.js';
import { type MetricShift, movement } from './metric-shift.js';
import { sameService } from '../evidence/service-name.js';
import { clockTime } from '../wording.js';

/**
 * What an entity's metrics suggest. A service that is slow because what it calls is slow, of which only the alert's
 * own symptom is seen and nobody else seems to wait for it, or that moved while the failing service stayed well, has no cause in it yet: that stays open.
 */
export function metricHypothesis(
  { entity, score, shifts, explained, awaited, demand, like }: EntityRanking,
  failing: string | null,
  calm: readonly MetricShift[],
): Hypothesis {
  const cause =
    demand ??
    shifts.find(({ role }) => role === 'saturation') ??
    shifts.find(({ role }) => role !== 'traffic');
  const own = failing === null || sameService(entity, failing);
  const category: CauseCategory = demand
    ? 'demand'
    : cause?.role === 'saturation'
      ? 'resource'
      : own
        ? 'errors'
        : 'dependency';
  const because = whyOpen(category, { explained, awaited, like }, calm.length > 0);
  return hypothesis({
    statement: statementOf(category, entity, cause),
    score: because === undefined ? 0.3 + 0.25 * score : 0.1 + 0.2 * score,
    status: because === undefined ? 'supported' : 'open',
    supportedBy: shifts.flatMap(({ series }) => series.evidenceIds),
    contradictedBy: calm.flatMap(({ series }) => series.evidenceIds),
    category,
    witnesses: demand ? ['metric_shift', 'demand_rise'] : ['metric_shift'],
    entity,
    ...(because === undefined ? {} : { because }),
  });
}

function whyOpen(
  category: CauseCategory,
  { explained, awaited, like }: Pick<EntityRanking, 'explained' | 'awaited' | 'like'>,
  calm: boolean,
): string | undefined {
  if (calm) return 'The failing service itself stayed within normal.';
  if (explained !== undefined) return explained;
  if (category !== 'errors' && category !== 'dependency') return undefined;
  if (like !== undefined) return `${like} fails just as it does, and it is not known who of them calls whom.`;
  return category === 'errors' && !awaited ? 'The metrics tell what suffers, not why.' : undefined;
}

function statementOf(category: CauseCategory, entity: string, cause: MetricShift | undefined): string {
  const shown = cause ? `${movement(cause)} at ${clockTime(cause.at)}` : 'its metrics left normal';
  if (category === 'demand') return `More demand on ${entity}: ${shown}, no later than anything else moved`;
  if (category === 'resource') return `A resource of ${entity} ran short: ${shown}`;
  if (category === 'dependency') return `A dependency is failing: on ${entity} ${shown}`;
  return `The trouble is inside ${entity}: ${shown}`;
}
