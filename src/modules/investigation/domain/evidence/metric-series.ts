import { compareText } from '../compare-text.js';
import { getOrAdd } from '../get-or-add.js';
import { type Cited, inOrderOf } from './cited.js';
import type { Evidence, MetricPoint, TextNote } from './evidence.js';

/** One metric of one entity over time, oldest sample first; `timestamps[i]` (ms) belongs to `values[i]`. */
export interface MetricSeries {
  readonly entity: string;
  /** Set when the entity is measured at several instances; each has a series of its own. */
  readonly instance?: string | undefined;
  readonly metric: string;
  readonly unit: string | undefined;
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
  /** The sources of its samples. */
  readonly evidenceIds: readonly string[];
}

/** The samples of all `metric` and `database` evidence, ordered by entity, metric and instance. */
export function groupSeries(items: readonly Evidence[]): MetricSeries[] {
  const groups = new Map<string, Cited<MetricPoint>[]>();
  for (const item of items) {
    if (item.type !== 'metric' && item.type !== 'database') continue;
    for (const row of item.rows) {
      if (!isMetricPoint(row) || !Number.isFinite(row.timestamp) || !Number.isFinite(row.value)) continue;
      // Unambiguous: the intake refuses names with a NUL.
      const key = `${row.entity}\0${row.metric}\0${row.instance ?? ''}`;
      getOrAdd(groups, key, () => []).push({ evidenceId: item.evidenceId, row });
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
  const sorted = [...points].sort(inOrderOf<MetricPoint>('timestamp', 'value'));
  const timestamps: number[] = [];
  const values: number[] = [];
  for (const { row } of sorted) {
    // Deduplicate samples that were attached twice.
    if (row.timestamp === timestamps.at(-1) && row.value === values.at(-1)) continue;
    timestamps.push(row.timestamp);
    values.push(row.value);
  }
  return {
    entity: points[0]?.row.entity ?? '',
    instance: points[0]?.row.instance,
    metric: points[0]?.row.metric ?? '',
    unit: sorted.find((point) => point.row.unit !== undefined)?.row.unit,
    timestamps,
    values,
    evidenceIds: [...new Set(points.map((point) => point.evidenceId))],
  };
}

export function isMetricPoint(row: MetricPoint | TextNote): row is MetricPoint {
  return 'metric' in row;
}
