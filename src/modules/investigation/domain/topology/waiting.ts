import { compareText } from '../compare-text.js';
import type { MetricShift } from '../metrics/metric-shift.js';

/** How much more somebody's times must have grown than those of whoever waits for him. */
const CLEARLY = 1.2;
/** Of the wait: who calls somebody several times waits several times as much longer. */
const SHARE_OF_WAIT = 0.3;

/**
 * Who seems to wait for whom, where nobody knows who calls whom: the times tell. Whoever waits for another one waits
 * longer by what that one takes longer, but its normal holds the other's normal too. So the same delay is the largest
 * multiple of normal where it arises.
 * @returns by entity the one whose times grew most of those it may wait for
 */
export function waitingFor(shifts: readonly MetricShift[]): ReadonlyMap<string, string> {
  const times = new Map<string, Map<string, MetricShift>>();
  for (const shift of shifts) {
    if (shift.role !== 'latency' || !(shift.normal > 0)) continue;
    const own = times.get(shift.series.entity) ?? new Map<string, MetricShift>();
    times.set(shift.series.entity, own.set(shift.series.metric, shift));
  }
  const entities = [...times.keys()].sort(compareText);
  return new Map(
    entities.flatMap((waiting) => {
      const awaited = entities
        .map((entity) => ({ entity, by: outgrown(times.get(waiting), times.get(entity)) }))
        .filter(({ entity, by }) => entity !== waiting && by >= CLEARLY)
        .sort((a, b) => b.by - a.by)[0];
      return awaited ? [[waiting, awaited.entity]] : [];
    }),
  );
}

/** How many times as much the other's times grew, at most; 0 when one of its times speaks against waiting for it. */
function outgrown(
  waiting: ReadonlyMap<string, MetricShift> = new Map(),
  other: ReadonlyMap<string, MetricShift> = new Map(),
): number {
  const both = [...waiting].flatMap(([metric, mine]) => {
    const its = other.get(metric);
    return its && its.series.unit === mine.series.unit ? [{ mine, its }] : [];
  });
  const isPossible = both.every(
    ({ mine, its }) => growth(its) > growth(mine) && delay(its) >= SHARE_OF_WAIT * delay(mine),
  );
  return isPossible ? Math.max(0, ...both.map(({ mine, its }) => growth(its) / growth(mine))) : 0;
}

function growth({ normal, worst }: MetricShift): number {
  return worst / normal;
}

function delay({ normal, worst }: MetricShift): number {
  return worst - normal;
}
