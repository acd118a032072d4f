import { compareText } from './compare-text.js';
import type {
  Change,
  Evidence,
  EvidenceType,
  LogLine,
  MetricPoint,
  Span,
  TextNote,
  TopologyEdge,
} from './evidence.js';

/** A row and the evidence that it can be cited by. */
export interface Cited<Row> {
  readonly evidenceId: string;
  readonly row: Row;
}

/** One metric of one entity over time, oldest sample first; `timestamps[i]` (ms) belongs to `values[i]`. */
export interface MetricSeries {
  readonly entity: string;
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
    return (this.#logs ??= this.items
      .flatMap((item) =>
        item.type === 'log' || item.type === 'platform_event'
          ? cite(item.evidenceId, item.rows, (line) => Number.isFinite(line.timestamp))
          : [],
      )
      .map(capped)
      .sort((a, b) => a.row.timestamp - b.row.timestamp));
  }

  get spans(): readonly Cited<Span>[] {
    return this.items.flatMap((item) =>
      item.type === 'trace'
        ? cite(
            item.evidenceId,
            item.rows,
            (s) => Number.isFinite(s.startedAt) && Number.isFinite(s.durationMs),
          )
        : [],
    );
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

  /** Notes, runbooks and what a database said in words. */
  get notes(): readonly Cited<TextNote>[] {
    return this.items.flatMap((item) => {
      if (item.type === 'note' || item.type === 'runbook') return cite(item.evidenceId, item.rows);
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

function capped(cited: Cited<LogLine>): Cited<LogLine> {
  if (cited.row.message.length <= MAX_MESSAGE_LENGTH) return cited;
  return { ...cited, row: { ...cited.row, message: cited.row.message.slice(0, MAX_MESSAGE_LENGTH) } };
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
      const key = `${row.entity}\0${row.metric}`;
      const group = groups.get(key);
      if (group) group.push({ evidenceId: item.evidenceId, row });
      else groups.set(key, [{ evidenceId: item.evidenceId, row }]);
    }
  }
  return [...groups.values()]
    .map(toSeries)
    .sort((a, b) => compareText(a.entity, b.entity) || compareText(a.metric, b.metric));
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
    metric: points[0]?.row.metric ?? '',
    unit: points.find((point) => point.row.unit !== undefined)?.row.unit,
    timestamps,
    values,
    evidenceIds: [...new Set(points.map((point) => point.evidenceId))],
  };
}
