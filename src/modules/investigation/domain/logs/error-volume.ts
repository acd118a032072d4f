import { compareText } from '../compare-text.js';
import type { Cited, MetricSeries } from '../evidence/evidence-set.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { isErrorLike } from './log-severity.js';

const MINUTE = 60_000;
// A hostile log can name any entity and any time; the grid stays within 200 × 1 week, of which both ends count.
const MOST_ENTITIES = 200;
const MOST_MINUTES = 7 * 24 * 60 + 1;

interface Volume {
  readonly entity: string;
  readonly perMinute: Map<number, number>;
  readonly evidenceIds: Set<string>;
  total: number;
}

/**
 * Error-like lines per minute and entity up to a time, as series on one common grid: minutes without an error are
 * zeros, not gaps. `lines` must be oldest first; the entities with most errors are kept.
 */
export function errorVolumeSeries(lines: readonly Cited<LogLine>[], until: EpochMs): MetricSeries[] {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return [];
  const start = Math.floor(first.row.timestamp / MINUTE);
  // Behind the last line there is no silence, only nothing read.
  const minutes = Math.floor(Math.min(until, last.row.timestamp) / MINUTE) - start + 1;
  if (!(minutes >= 1 && minutes <= MOST_MINUTES)) return [];

  const timestamps = Array.from({ length: minutes }, (_, minute) => (start + minute) * MINUTE);
  return volumesOf(lines, until)
    .sort((a, b) => b.total - a.total || compareText(a.entity, b.entity))
    .slice(0, MOST_ENTITIES)
    .map(({ entity, perMinute, evidenceIds }) => ({
      entity,
      metric: 'error_lines_per_minute',
      unit: 'lines',
      timestamps,
      values: timestamps.map((_, minute) => perMinute.get(start + minute) ?? 0),
      evidenceIds: [...evidenceIds],
    }));
}

/** How many lines a row stands for; a folded row says so, and a broken count, or one that no sum survives, is one line. */
export function timesSeen({ count = 1 }: LogLine): number {
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
    volume.perMinute.set(minute, (volume.perMinute.get(minute) ?? 0) + timesSeen(row));
    volume.evidenceIds.add(evidenceId);
    volume.total += timesSeen(row);
  }
  return [...volumes.values()];
}
