import { compareText } from '../compare-text.js';
import type { MetricShift } from '../metrics/metric-shift.js';

/** The least factor by which a source's latency grows more than that of an entity that waits for it. */
const MIN_GROWTH_RATIO = 1.2;
/** The least delay of a source, as a share of the waiting entity's: several calls to one callee add up. */
const MIN_DELAY_SHARE = 0.3;

/**
 * Latency propagation without a call graph: for each slow entity, the entity that it seems to wait for. A caller is delayed
 * by as much as its callee, but its normal latency includes that of the callee. So the same delay is the largest multiple
 * of normal where it arises.
 * @returns by entity the one whose latency grew most of those that it may wait for
 */
export function latencySources(shifts: readonly MetricShift[]): ReadonlyMap<string, string> {
  const latencies = new Map<string, Map<string, MetricShift>>();
  for (const shift of shifts) {
    if (shift.role !== 'latency' || !(shift.normal > 0)) continue;
    const own = latencies.get(shift.series.entity) ?? new Map<string, MetricShift>();
    latencies.set(shift.series.entity, own.set(shift.series.metric, shift));
  }
  const entities = [...latencies.keys()].sort(compareText);
  return new Map(
    entities.flatMap((waiting) => {
      const source = entities
        .map((entity) => ({ entity, ratio: growthRatio(latencies.get(waiting), latencies.get(entity)) }))
        .filter(({ entity, ratio }) => entity !== waiting && ratio >= MIN_GROWTH_RATIO)
        .sort((a, b) => b.ratio - a.ratio)[0];
      return source ? [[waiting, source.entity]] : [];
    }),
  );
}

/** How many times as much the source's latency grew, at most; 0 when one of its metrics contradicts propagation. */
function growthRatio(
  waiting: ReadonlyMap<string, MetricShift> = new Map(),
  source: ReadonlyMap<string, MetricShift> = new Map(),
): number {
  const pairs = [...waiting].flatMap(([metric, mine]) => {
    const its = source.get(metric);
    return its && its.series.unit === mine.series.unit ? [{ mine, its }] : [];
  });
  const isPossible = pairs.every(
    ({ mine, its }) => growth(its) > growth(mine) && delay(its) >= MIN_DELAY_SHARE * delay(mine),
  );
  return isPossible ? Math.max(0, ...pairs.map(({ mine, its }) => growth(its) / growth(mine))) : 0;
}

function growth({ normal, worst }: MetricShift): number {
  return worst / normal;
}

function delay({ normal, worst }: MetricShift): number {
  return worst - normal;
}
