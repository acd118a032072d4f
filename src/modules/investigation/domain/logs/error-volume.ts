import { compareText } from '../compare-text.js';
import type { Cited } from '../evidence/cited.js';
import type { MetricSeries } from '../evidence/metric-series.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { isErrorLike } from './log-severity.js';

const MINUTE = 60_000;
// Bounds against hostile logs, which can name any entity and any time: 200 entities, one week inclusive of both ends.
const MAX_ENTITIES = 200;
const MAX_MINUTES = 7 * 24 * 60 + 1;

interface Volume {
  readonly entity: string;
  readonly perMinute: Map<number, number>;
  readonly evidenceIds: Set<string>;
  total: number;
}

/**
 * Error lines per minute and entity up to `until`, as series on one common time grid: minutes without errors are zeros,
 * not gaps. Beyond 200 entities, those with most errors are kept; a window longer than a week gives no series.
 * @param lines oldest first
 */
export function errorVolumeSeries(lines: readonly Cited<LogLine>[], until: EpochMs): MetricSeries[] {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return [];
  const start = Math.floor(first.row.timestamp / MINUTE);
  // After the last line that was read nothing is known, so there are no zeros there.
  const minutes = Math.floor(Math.min(until, last.row.timestamp) / MINUTE) - start + 1;
  if (!(minutes >= 1 && minutes <= MAX_MINUTES)) return [];

  const timestamps = Array.from({ length: minutes }, (_, minute) => (start + minute) * MINUTE);
  return volumesOf(lines, until)
    .sort((a, b) => b.total - a.total || compareText(a.entity, b.entity))
    .slice(0, MAX_ENTITIES)
    .map(({ entity, perMinute, evidenceIds }) => ({
      entity,
      metric: 'error_lines_per_minute',
      unit: 'lines',
      timestamps,
      values: timestamps.map((_, minute) => perMinute.get(start + minute) ?? 0),
      evidenceIds: [...evidenceIds],
    }));
}

/** The number of lines that a row stands for; 1 when its `count` is below 1 or too large to be summed. */
export function lineCount({ count = 1 }: LogLine): number {
  return count >= 1 && count <= Number.MAX_SAFE_INTEGER ? count : 1;
}

function volumesOf(lines: readonly Cited<LogLine>[], until: EpochMs): Volume[] {
  const volumes = new Map<string, Volume>();
  for (const { row, evidenceId } of lines) {
    if (row.timestamp > until) break;
    if (!isErrorLike(row.message, row.level)) continue;
    let volume = volumes.get(row.entity);
    if (!volume) {
      volume = { entity: row.entity, perMinute: new Map(), evidenceIds: new Set(), total: 0 };
      volumes.set(row.entity, volume);
    }
    const minute = Math.floor(row.timestamp / MINUTE);
    volume.perMinute.set(minute, (volume.perMinute.get(minute) ?? 0) + lineCount(row));
    volume.evidenceIds.add(evidenceId);
    volume.total += lineCount(row);
  }
  return [...volumes.values()];
}
