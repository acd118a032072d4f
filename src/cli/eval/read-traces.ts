import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { at, instant, list, type Json, optionalText, table } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece } from './piece.js';

/** Reads spans, and statistics aggregated from spans. */
export function readTraces({ body }: RawCase): Evidence[] {
  const traces = at(body, 'traces');
  const spans = list(at(traces, 'spans')).map((each) => ({
    traceId: at(each, 'trace_id'),
    spanId: at(each, 'span_id'),
    parentSpanId: at(each, 'parent_id'),
    entity: at(each, 'service') ?? at(each, 'entity'),
    operation: at(each, 'name') ?? at(each, 'operation'),
    startedAt: instant(at(each, 'start')),
    durationMs: at(each, 'duration_ms'),
    status: [optionalText(each, 'status'), optionalText(each, 'error', 'status_message')]
      .filter((part) => part !== undefined)
      .join(': '),
  }));
  const statistics = [
    ...statisticsOf('edge_gap', at(traces, 'edge_gap_ms')),
    ...statisticsOf('exclusive', at(traces, 'exclusive_ms')),
    ...statisticsOf('operation', at(traces, 'op_counts')),
    ...statisticsOf('call', at(traces, 'call_counts')),
  ];
  return [
    ...piece('trace', 'spans', 'traces', spans),
    ...piece('trace', 'trace-statistics', 'traces', statistics),
  ];
}

function statisticsOf(statistic: string, json: Json): object[] {
  return table(json).map((row) => ({
    statistic,
    entity: row['entity'] ?? row['callee'],
    operation: row['operation'],
    caller: row['caller'] ?? row['parent_entity'],
    callerOperation: row['parent_op'],
    count: row['n'],
    mean: row['mean'],
    median: row['p50'],
    baselineCount: row['base_n'],
    baselineMean: row['base_mean'],
    baselineMedian: row['base_p50'],
  }));
}
