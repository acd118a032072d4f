import type { Cited } from '../evidence/evidence-set.js';
import type { EpochMs, Span, TraceStatistic } from '../evidence/evidence.js';

/** A statistic, and the evidence that it comes from. */
export type CitedStatistic = Cited<TraceStatistic>;

interface Tally {
  readonly evidenceId: string;
  readonly base: Omit<TraceStatistic, 'count' | 'mean' | 'baselineCount' | 'baselineMean'>;
  readonly now: number[];
  readonly before: number[];
}

/**
 * What spans add up to before and after a point in time, in the same form in which some sources keep it: per edge the
 * time that a call took less what its callee took, per operation the time less its children, and how often each
 * operation called each other one.
 */
export function statisticsOfSpans(spans: readonly Cited<Span>[], split: EpochMs): CitedStatistic[] {
  const byId = new Map(spans.map(({ row }) => [`${row.traceId}\0${row.spanId}`, row]));
  const children = new Map<Span, Span[]>();
  for (const { row } of spans) {
    const parent = byId.get(`${row.traceId}\0${row.parentSpanId ?? ''}`);
    if (parent === undefined || parent === row) continue;
    const known = children.get(parent);
    if (known) known.push(row);
    else children.set(parent, [row]);
  }
  const tallies = new Map<string, Tally>();
  for (const { row, evidenceId } of spans) {
    const below = children.get(row) ?? [];
    const add = (base: Tally['base'], value: number) => {
      const key = JSON.stringify(Object.values(base));
      const tally = tallies.get(key) ?? { evidenceId, base, now: [], before: [] };
      tallies.set(key, tally);
      (row.startedAt < split ? tally.before : tally.now).push(value);
    };
    const { entity, operation } = row;
    add({ statistic: 'operation', entity, operation }, row.durationMs);
    add({ statistic: 'exclusive', entity, operation }, Math.max(0, row.durationMs - total(below)));
    const remote = below.filter((child) => child.entity !== entity);
    for (const callee of new Set(remote.map((child) => child.entity))) {
      add(
        { statistic: 'edge_gap', entity: callee, caller: entity },
        Math.max(0, row.durationMs - total(remote)),
      );
    }
    for (const child of below) {
      const called = { statistic: 'call' as const, entity: child.entity, operation: child.operation };
      add({ ...called, caller: entity, callerOperation: operation }, child.durationMs);
    }
  }
  return [...tallies.values()].map(({ evidenceId, base, now, before }) => ({
    evidenceId,
    row: {
      ...base,
      count: now.length,
      baselineCount: before.length,
      ...(now.length > 0 ? { mean: sum(now) / now.length } : {}),
      ...(before.length > 0 ? { baselineMean: sum(before) / before.length } : {}),
    },
  }));
}

function total(spans: readonly Span[]): number {
  return sum(spans.map(({ durationMs }) => durationMs));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
