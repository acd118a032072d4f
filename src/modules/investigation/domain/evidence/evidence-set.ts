import { compareText } from '../compare-text.js';
import { CallGraph } from '../topology/call-graph.js';
import { beginning } from '../wording.js';
import { type Cited, inOrderOf } from './cited.js';
import type {
  AlertSignal,
  Change,
  EpochMs,
  Evidence,
  EvidenceType,
  LogLine,
  PlatformState,
  Span,
  TextNote,
  TopologyEdge,
  TraceStatistic,
} from './evidence.js';
import { groupSeries, isMetricPoint, type MetricSeries } from './metric-series.js';

/** Characters; longer log lines are cut, since the start of a message is what distinguishes it. */
export const MAX_MESSAGE_LENGTH = 4096;
const WEEK = 7 * 24 * 60 * 60_000;

/**
 * All evidence of one run, by kind of row. Samples and times that are not finite numbers are dropped here, so that no
 * agent has to check for them. The order of every result depends only on the rows and on their evidence ids, never on
 * the order of arrival.
 */
export class EvidenceSet {
  #series: readonly MetricSeries[] | undefined;
  #logs: readonly Cited<LogLine>[] | undefined;
  #callGraph: CallGraph | undefined;

  readonly #byId: readonly Evidence[];

  /** @param items in any order */
  constructor(readonly items: readonly Evidence[]) {
    this.#byId = [...items].sort((a, b) => compareText(a.evidenceId, b.evidenceId));
  }

  /** Whether any evidence of one of these types has rows. */
  has(...types: readonly EvidenceType[]): boolean {
    return this.items.some((item) => types.includes(item.type) && item.rows.length > 0);
  }

  /** Every series, ordered by entity, metric and instance. */
  get series(): readonly MetricSeries[] {
    return (this.#series ??= groupSeries(this.#byId));
  }

  /** The series that have samples from `database` evidence. */
  get databaseSeries(): readonly MetricSeries[] {
    const ofDatabases = new Set(
      this.items.flatMap((item) => (item.type === 'database' ? item.evidenceId : [])),
    );
    return this.series.filter(({ evidenceIds }) => evidenceIds.some((id) => ofDatabases.has(id)));
  }

  /** Every log line and platform event, oldest first. */
  get logs(): readonly Cited<LogLine>[] {
    return (this.#logs ??= [...this.rows('log', isLogLine), ...this.rows('platform_event', isLogLine)]
      .map(capped)
      .sort(inOrderOf<LogLine>('timestamp', 'entity', 'message')));
  }

  /** The lines within a week of `moment`, or all when there are none: lines further away come from an unset clock. */
  logsAround(moment: EpochMs): readonly Cited<LogLine>[] {
    const near = this.logs.filter(({ row }) => Math.abs(row.timestamp - moment) < WEEK);
    return near.length > 0 ? near : this.logs;
  }

  /** Kubernetes, cloud and database events, oldest first. */
  get platformEvents(): readonly Cited<LogLine>[] {
    return this.rows('platform_event', isLogLine).sort(inOrderOf<LogLine>('timestamp', 'entity', 'message'));
  }

  /** The current states of platform objects. */
  get states(): readonly Cited<PlatformState>[] {
    return this.rows('platform_event', (row): row is PlatformState => 'ready' in row).sort(
      inOrderOf<PlatformState>('entity', 'kind'),
    );
  }

  get alertSignals(): readonly Cited<AlertSignal>[] {
    return this.rows('platform_event', (row): row is AlertSignal => 'signal' in row).sort(
      inOrderOf<AlertSignal>('entity', 'signal', 'caller'),
    );
  }

  get spans(): readonly Cited<Span>[] {
    return this.rows('trace', isSpan).sort(inOrderOf<Span>('startedAt', 'traceId', 'spanId'));
  }

  get traceStatistics(): readonly Cited<TraceStatistic>[] {
    return this.rows('trace', (row): row is TraceStatistic => 'statistic' in row);
  }

  /** Every change, oldest first, then by service. */
  get changes(): readonly Cited<Change>[] {
    return this.#byId
      .flatMap((item) =>
        item.type === 'deployment' || item.type === 'code_change' || item.type === 'config_change'
          ? cite(item.evidenceId, item.rows, (change) => Number.isFinite(change.occurredAt))
          : [],
      )
      .sort(inOrderOf<Change>('occurredAt', 'service', 'summary'));
  }

  get edges(): readonly Cited<TopologyEdge>[] {
    return this.#byId.flatMap((item) => (item.type === 'topology' ? cite(item.evidenceId, item.rows) : []));
  }

  /** The call graph of all topology edges. */
  get callGraph(): CallGraph {
    return (this.#callGraph ??= new CallGraph(this.edges.map(({ row }) => row)));
  }

  /** Notes, and text output of databases. Not runbooks: they describe failures that may not have happened. */
  get notes(): readonly Cited<TextNote>[] {
    return this.#byId.flatMap((item) => {
      if (item.type === 'note') return cite(item.evidenceId, item.rows);
      if (item.type !== 'database') return [];
      return cite(
        item.evidenceId,
        item.rows.filter((row): row is TextNote => !isMetricPoint(row)),
      );
    });
  }

  private rows<Row extends Evidence['rows'][number]>(
    type: EvidenceType,
    is: (row: Evidence['rows'][number]) => row is Row,
  ): Cited<Row>[] {
    const cited: Cited<Row>[] = [];
    for (const { evidenceId, rows, type: own } of this.#byId) {
      if (own !== type) continue;
      for (const row of rows) if (is(row)) cited.push({ evidenceId, row });
    }
    return cited;
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

function isSpan(row: Evidence['rows'][number]): row is Span {
  return 'spanId' in row && Number.isFinite(row.startedAt) && Number.isFinite(row.durationMs);
}

function isLogLine(row: Evidence['rows'][number]): row is LogLine {
  return 'timestamp' in row && 'message' in row && Number.isFinite(row.timestamp);
}

function capped(cited: Cited<LogLine>): Cited<LogLine> {
  if (cited.row.message.length <= MAX_MESSAGE_LENGTH) return cited;
  return { ...cited, row: { ...cited.row, message: beginning(cited.row.message, MAX_MESSAGE_LENGTH) } };
}
