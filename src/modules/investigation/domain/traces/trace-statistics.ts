import type { Cited } from '../evidence/cited.js';
import type { EpochMs, Span, TraceStatistic } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';

/** A statistic and its sources: the baseline often comes from other evidence than the incident window. */
export interface CitedStatistic {
  readonly row: TraceStatistic;
  readonly evidenceIds: readonly string[];
}

type StatisticKey = Omit<TraceStatistic, 'count' | 'mean' | 'baselineCount' | 'baselineMean'>;

/** The durations (ms) that one statistic is computed from. */
interface Samples {
  readonly key: StatisticKey;
  readonly evidenceIds: Set<string>;
  readonly current: number[];
  readonly baseline: number[];
}

/**
 * Aggregates spans before `split` (baseline) and from it on into the statistics that other sources deliver ready-made: per
 * edge the duration of the calling span minus that of its remote child spans, and the counts of operations and calls.
 */
export function statisticsOfSpans(spans: readonly Cited<Span>[], split: EpochMs): CitedStatistic[] {
  const children = childSpansOf(spans);
  const byKey = new Map<string, Samples>();
  for (const span of spans) {
    const { entity, operation, durationMs, startedAt } = span.row;
    const childSpans = children.get(span.row) ?? [];
    const add = (key: StatisticKey, duration: number, from: Iterable<string>) => {
      const samples = getOrAdd(byKey, JSON.stringify(Object.values(key)), () => emptySamples(key));
      (startedAt < split ? samples.baseline : samples.current).push(duration);
      for (const evidenceId of [span.evidenceId, ...from]) samples.evidenceIds.add(evidenceId);
    };
    add({ statistic: 'operation', entity, operation }, durationMs, []);
    const remote = childSpans.filter(({ row }) => row.entity !== entity);
    const gap = Math.max(0, durationMs - sum(remote.map(({ row }) => row.durationMs)));
    const remoteIds = new Set(remote.map(({ evidenceId }) => evidenceId));
    for (const callee of new Set(remote.map(({ row }) => row.entity))) {
      add({ statistic: 'edge_gap', entity: callee, caller: entity }, gap, remoteIds);
    }
    for (const child of childSpans) {
      const called = { statistic: 'call' as const, entity: child.row.entity, operation: child.row.operation };
      add({ ...called, caller: entity, callerOperation: operation }, child.row.durationMs, [
        child.evidenceId,
      ]);
    }
  }
  return [...byKey.values()].map(toStatistic);
}

function childSpansOf(spans: readonly Cited<Span>[]): Map<Span, Cited<Span>[]> {
  const byId = new Map(spans.map(({ row }) => [`${row.traceId}\0${row.spanId}`, row]));
  const children = new Map<Span, Cited<Span>[]>();
  for (const span of spans) {
    const parent = byId.get(`${span.row.traceId}\0${span.row.parentSpanId ?? ''}`);
    if (parent !== undefined && parent !== span.row) getOrAdd(children, parent, () => []).push(span);
  }
  return children;
}

function emptySamples(key: StatisticKey): Samples {
  return { key, evidenceIds: new Set(), current: [], baseline: [] };
}

function toStatistic({ key, evidenceIds, current, baseline }: Samples): CitedStatistic {
  return {
    evidenceIds: [...evidenceIds],
    row: {
      ...key,
      count: current.length,
      baselineCount: baseline.length,
      ...(current.length > 0 ? { mean: sum(current) / current.length } : {}),
      ...(baseline.length > 0 ? { baselineMean: sum(baseline) / baseline.length } : {}),
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
