import { compareText } from '../compare-text.js';
import { CallGraph } from '../topology/call-graph.js';
import { beginning } from '../wording.js';
import type {
  AlertSignal,
  Change,
  Evidence,
  EvidenceType,
  LogLine,
  MetricPoint,
  PlatformState,
  Span,
  TextNote,
  TopologyEdge,
  TraceStatistic,
} from './evidence.js';

/** A row and the evidence that it can be cited by. */
export interface Cited<Row> {
  readonly evidenceId: string;
  readonly row: Row;
}

/** One metric of one entity over time, oldest sample first; `timestamps[i]` (ms) belongs to `values[i]`. */
export interface MetricSeries {
  readonly entity: string;
  /** Where the entity is measured at several instances; there is a series of each. */
  readonly instance?: string | undefined;
  readonly metric: string;
  readonly unit: string | undefined;
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
  /** Where its samples came from, in order of first sight. */
  readonly evidenceIds: readonly string[];
}

/** A log line longer than this is cut: what tells one message from another stands at its start. */
export const MAX_MESSAGE_LENGTH = 4096;

/**
 * All evidence of one run, sorted out by kind. Rows that no arithmetic survives (a sample that is not a number, a
 * time that is none) are left out here, once, so that no agent has to think of them. Every answer is in an order
 * that does not depend on the order of arrival beyond the rows' own times and names.
 */
export class EvidenceSet {
  #series: readonly MetricSeries[] | undefined;
  #logs: readonly Cited<LogLine>[] | undefined;
  #callGraph: CallGraph | undefined;

  constructor(readonly items: readonly Evidence[]) {}

  /** Whether any evidence of one of these types has rows. */
  has(...types: readonly EvidenceType[]): boolean {
    return this.items.some((item) => types.includes(item.type) && item.rows.length > 0);
  }

  /** Every series, by entity and then metric. */
  get series(): readonly MetricSeries[] {
    return (this.#series ??= groupSeries(this.items));
  }

  /** Every log line and platform event, oldest first. */
  get logs(): readonly Cited<LogLine>[] {
    return (this.#logs ??= [...this.rows('log', isLogLine), ...this.rows('platform_event', isLogLine)]
      .map(capped)
      .sort((a, b) => a.row.timestamp - b.row.timestamp));
  }

  /** Kubernetes, cloud and database events, oldest first. */
  get platformEvents(): readonly Cited<LogLine>[] {
    return this.rows('platform_event', isLogLine).sort((a, b) => a.row.timestamp - b.row.timestamp);
  }

  /** How the platform is right now. */
  get states(): readonly Cited<PlatformState>[] {
    return this.rows('platform_event', (row): row is PlatformState => 'ready' in row);
  }

  get alertSignals(): readonly Cited<AlertSignal>[] {
    return this.rows('platform_event', (row): row is AlertSignal => 'signal' in row);
  }

  get spans(): readonly Cited<Span>[] {
    return this.rows(
      'trace',
      (row): row is Span =>
        'spanId' in row && Number.isFinite(row.startedAt) && Number.isFinite(row.durationMs),
    );
  }

  get traceStatistics(): readonly Cited<TraceStatistic>[] {
    return this.rows('trace', (row): row is TraceStatistic => 'statistic' in row);
  }

  /** Every change, oldest first, then by service. */
  get changes(): readonly Cited<Change>[] {
    return this.items
      .flatMap((item) =>
        item.type === 'deployment' || item.type === 'code_change' || item.type === 'config_change'
          ? cite(item.evidenceId, item.rows, (change) => Number.isFinite(change.occurredAt))
          : [],
      )
      .sort((a, b) => a.row.occurredAt - b.row.occurredAt || compareText(a.row.service, b.row.service));
  }

  get edges(): readonly Cited<TopologyEdge>[] {
    return this.items.flatMap((item) => (item.type === 'topology' ? cite(item.evidenceId, item.rows) : []));
  }

  /** Of all edges; empty without any. */
  get callGraph(): CallGraph {
    return (this.#callGraph ??= new CallGraph(this.edges.map(({ row }) => row)));
  }

  private rows<Row extends Evidence['rows'][number]>(
    type: EvidenceType,
    is: (row: Evidence['rows'][number]) => row is Row,
  ): Cited<Row>[] {
    const cited: Cited<Row>[] = [];
    for (const { evidenceId, rows, type: own } of this.items) {
      if (own !== type) continue;
      for (const row of rows) if (is(row)) cited.push({ evidenceId, row });
    }
    return cited;
  }

  /** Notes and what a database said in words; not runbooks, which speak of what has not happened. */
  get notes(): readonly Cited<TextNote>[] {
    return this.items.flatMap((item) => {
      if (item.type === 'note') return cite(item.evidenceId, item.rows);
      if (item.type !== 'database') return [];
      return cite(
        item.evidenceId,
        item.rows.filter((row): row is TextNote => !isMetricPoint(row)),
      );
    });
  }
}

function cite<Row>(
  evidenceId: string,
  rows: readonly Row[],
  usable: (row: Row) => boolean = () => true,
): Cited<Row>[] {
  const cited: Cited<Row>[] = [];
  for (const row of rows) if (usable(row)) cited.push({ evidenceId, row });
  return cited;
}

function isLogLine(row: Evidence['rows'][number]): row is LogLine {
  return 'timestamp' in row && 'message' in row && Number.isFinite(row.timestamp);
}

function capped(cited: Cited<LogLine>): Cited<LogLine> {
  if (cited.row.message.length <= MAX_MESSAGE_LENGTH) return cited;
  return { ...cited, row: { ...cited.row, message: beginning(cited.row.message, MAX_MESSAGE_LENGTH) } };
}

function isMetricPoint(row: MetricPoint | TextNote): row is MetricPoint {
  return 'metric' in row;
}

function groupSeries(items: readonly Evidence[]): MetricSeries[] {
  const groups = new Map<string, Cited<MetricPoint>[]>();
  for (const item of items) {
    if (item.type !== 'metric' && item.type !== 'database') continue;
    for (const row of item.rows) {
      if (!isMetricPoint(row) || !Number.isFinite(row.timestamp) || !Number.isFinite(row.value)) continue;
      // No name holds a NUL (the intake refuses it), so two different pairs never share a key.
      const key = `${row.entity}\0${row.metric}\0${row.instance ?? ''}`;
      const group = groups.get(key);
      if (group) group.push({ evidenceId: item.evidenceId, row });
      else groups.set(key, [{ evidenceId: item.evidenceId, row }]);
    }
  }
  return [...groups.values()]
    .map(toSeries)
    .sort(
      (a, b) =>
        compareText(a.entity, b.entity) ||
        compareText(a.metric, b.metric) ||
        compareText(a.instance ?? '', b.instance ?? ''),
    );
}

function toSeries(points: readonly Cited<MetricPoint>[]): MetricSeries {
  const sorted = [...points].sort((a, b) => a.row.timestamp - b.row.timestamp || a.row.value - b.row.value);
  const timestamps: number[] = [];
  const values: number[] = [];
  for (const { row } of sorted) {
    // The same sample attached twice is one sample.
    if (row.timestamp === timestamps.at(-1) && row.value === values.at(-1)) continue;
    timestamps.push(row.timestamp);
    values.push(row.value);
  }
  return {
    entity: points[0]?.row.entity ?? '',
    instance: points[0]?.row.instance,
    metric: points[0]?.row.metric ?? '',
    unit: points.find((point) => point.row.unit !== undefined)?.row.unit,
    timestamps,
    values,
    evidenceIds: [...new Set(points.map((point) => point.evidenceId))],
  };
}
