import type { CallGraph } from './call-graph.js';
import { compareText } from '../compare-text.js';
import type { MetricShift } from '../metrics/metric-shift.js';
import { waitingFor } from './waiting.js';

/** How strongly an entity's metrics point at it. */
export interface EntityRanking {
  readonly entity: string;
  /** 0..1 */
  readonly score: number;
  /** Its worst series first. */
  readonly shifts: readonly MetricShift[];
  /** Why what ails it may be no more than what ails somebody else, if so. */
  readonly explained: string | undefined;
  /** Whether it is what others seem to wait for. */
  readonly awaited: boolean;
}

const WHEN_EXPLAINED = 0.5;
const WHEN_UNRELATED = 0.7;

/**
 * Entities by their worst series, given worst first. One that is explained by what it calls counts half, and one that
 * the failing service is not known to depend on a little less: edges are often missing, so a path is a bonus and
 * never a filter. Where nobody knows who calls whom, it is told from the times who waits. Traffic that changed
 * says nothing by itself.
 */
export function rankEntities(
  shifts: readonly MetricShift[],
  graph: CallGraph,
  failing: string | null,
): EntityRanking[] {
  const byEntity = new Map<string, MetricShift[]>();
  for (const shift of shifts) {
    const known = byEntity.get(shift.series.entity);
    if (known) known.push(shift);
    else byEntity.set(shift.series.entity, [shift]);
  }
  const moved = new Set([...byEntity.keys()].map((entity) => graph.nodeOf(entity)));
  const waits = graph.isEmpty ? waitingFor(shifts) : new Map<string, string>();
  const awaited = new Set(waits.values());
  return [...byEntity]
    .filter(([, own]) => own.some(({ role }) => role !== 'traffic'))
    .map(([entity, own]): EntityRanking => {
      const calls = graph.callees(entity).some((callee) => moved.has(callee));
      const explained = calls ? 'Something it calls left normal too.' : waitSentence(waits.get(entity));
      const unrelated = failing !== null && !graph.isEmpty && graph.distance(failing, entity) === undefined;
      const score =
        strength(own) * (explained === undefined ? 1 : WHEN_EXPLAINED) * (unrelated ? WHEN_UNRELATED : 1);
      return { entity, score, shifts: own, explained, awaited: awaited.has(entity) };
    })
    .sort((a, b) => b.score - a.score || compareText(a.entity, b.entity));
}

function waitSentence(awaited: string | undefined): string | undefined {
  return awaited && `It seems to wait for ${awaited}, whose times grew by a larger multiple.`;
}

/** More traffic that is not later than any other change of an entity may be the cause of them, not their sign. */
export function demandThatCameFirst(shifts: readonly MetricShift[]): MetricShift | undefined {
  const demand = shifts.find(({ role, worst, normal }) => role === 'traffic' && worst > normal * 1.5);
  const others = shifts.filter(({ role }) => role !== 'traffic');
  return demand && others.length > 0 && others.every(({ at }) => demand.at <= at) ? demand : undefined;
}

/**
 * Of the worst shift, 0..1 on a logarithmic scale: scores of series with a tiny spread run into the thousands, and
 * 2000 is no more certain than 1000. 5 gives .26, 1000 gives 1.
 */
function strength(shifts: readonly MetricShift[]): number {
  return Math.min(1, Math.log10(1 + (shifts[0]?.score ?? 0)) / 3);
}
