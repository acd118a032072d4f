import type { Cited } from '../evidence/evidence-set.js';
import type { EpochMs, Span, TraceStatistic } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';

/** A statistic, and all evidence that it comes from: what was normal is often told by another piece than what is now. */
export interface CitedStatistic {
  readonly row: TraceStatistic;
  readonly evidenceIds: readonly string[];
}

interface Tally {
  readonly evidenceIds: Set<string>;
  readonly base: Omit<TraceStatistic, 'count' | 'mean' | 'baselineCount' | 'baselineMean'>;
  readonly now: number[];
  readonly before: number[];
}

/**
 * What spans add up to before and after a point in time, in the same form in which some sources keep it: per edge the
 * time that a call took less what its callee took, and how often each operation ran and called each other one.
 */
export function statisticsOfSpans(spans: readonly Cited<Span>[], split: EpochMs): CitedStatistic[] {
  const byId = new Map(spans.map(({ row }) => [`${row.traceId}\0${row.spanId}`, row]));
  const children = new Map<Span, Cited<Span>[]>();
  for (const span of spans) {
    const parent = byId.get(`${span.row.traceId}\0${span.row.parentSpanId ?? ''}`);
    if (parent !== undefined && parent !== span.row) getOrAdd(children, parent, () => []).push(span);
  }
  const tallies = new Map<string, Tally>();
  for (const span of spans) {
    const { entity, operation, durationMs, startedAt } = span.row;
    const below = children.get(span.row) ?? [];
    const add = (base: Tally['base'], value: number, from: readonly string[]) => {
      const key = JSON.stringify(Object.values(base));
      const tally = getOrAdd(tallies, key, (): Tally => ({
        evidenceIds: new Set(),
        base,
        now: [],
        before: [],
      }));
      (startedAt < split ? tally.before : tally.now).push(value);
      for (const id of [span.evidenceId, ...from]) tally.evidenceIds.add(id);
    };
    add({ statistic: 'operation', entity, operation }, durationMs, []);
    const remote = below.filter(({ row }) => row.entity !== entity);
    const gap = Math.max(0, durationMs - sum(remote.map(({ row }) => row.durationMs)));
    const ids = [...new Set(remote.map(({ evidenceId }) => evidenceId))];
    for (const callee of new Set(remote.map(({ row }) => row.entity))) {
      add({ statistic: 'edge_gap', entity: callee, caller: entity }, gap, ids);
    }
    for (const child of below) {
      const called = { statistic: 'call' as const, entity: child.row.entity, operation: child.row.operation };
      add({ ...called, caller: entity, callerOperation: operation }, child.row.durationMs, [
        child.evidenceId,
      ]);
    }
  }
  return [...tallies.values()].map(({ evidenceIds, base, now, before }) => ({
    evidenceIds: [...evidenceIds],
    row: {
      ...base,
      count: now.length,
      baselineCount: before.length,
      ...(now.length > 0 ? { mean: sum(now) / now.length } : {}),
      ...(before.length > 0 ? { baselineMean: sum(before) / before.length } : {}),
    },
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
