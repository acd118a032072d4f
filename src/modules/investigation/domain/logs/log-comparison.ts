import { compareText } from '../compare-text.js';
import { lineCount } from './error-volume.js';
import type { Cited } from '../evidence/cited.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { isErrorLike } from './log-severity.js';
import { getOrAdd } from '../get-or-add.js';
import { type LogTemplate, LogTemplates } from './log-templates.js';
import { poissonDistance } from '../poisson-distance.js';

/** How often one entity logged one template before and after the split. */
export interface TemplateShift {
  readonly entity: string;
  /** The template. */
  readonly text: string;
  readonly isError: boolean;
  /** Number of lines. */
  readonly before: number;
  readonly after: number;
  /** Expected number of lines after the split. */
  readonly expected: number;
  /** Poisson distance of `after` from `expected`; negative when the template became rarer. */
  readonly z: number;
  /** Time of the first line after the split, or of the first line when there is none after. */
  readonly firstAt: EpochMs;
  readonly sample: string;
  /** Sources of the lines after the split, or of those before when there are none after. */
  readonly evidenceIds: readonly string[];
}

export interface LogComparison {
  /** Highest z first. */
  readonly templates: readonly TemplateShift[];
  readonly linesBefore: number;
  readonly linesAfter: number;
  readonly byEntity: ReadonlyMap<string, LineCounts>;
  /** Whether there are lines before the split to compare with. */
  readonly comparable: boolean;
}

/** Lines of an entity before and after the split, of all templates. */
interface LineCounts {
  readonly before: number;
  readonly after: number;
}

interface Tally {
  readonly entity: string;
  readonly template: LogTemplate;
  readonly isError: boolean;
  readonly first: LogLine;
  firstAfter: LogLine | undefined;
  before: number;
  after: number;
  readonly evidenceBefore: Set<string>;
  readonly evidenceAfter: Set<string>;
}

const MIN_LINES_FOR_VOLUME = 20;
/** ms before the split that count as neither side, since the onset is an estimate. */
const ONSET_TOLERANCE = 60_000;

/**
 * Groups lines by template and entity and compares the counts before and after the split. Expected after it are
 * `before · max(time after / time before, other lines of the entity after / before)` lines, so that traffic growth is
 * not an anomaly.
 * @param all oldest first
 */
export function compareLogs(all: readonly Cited<LogLine>[], split: EpochMs): LogComparison {
  const lines = withoutMinuteBefore(all, split);
  const tallies = tally(lines, split);
  const totals = new Map<string, LineCounts>();
  for (const { entity, before, after } of tallies) {
    const total = totals.get(entity) ?? { before: 0, after: 0 };
    totals.set(entity, { before: total.before + before, after: total.after + after });
  }
  const start = lines[0]?.row.timestamp ?? split;
  const end = lines.at(-1)?.row.timestamp ?? split;
  const timeRatio = start < split ? Math.max(0, end - split) / (split - start) : 0;
  const linesBefore = sum([...totals.values()].map((total) => total.before));

  const templates = tallies
    .map((entry) => toShift(entry, totals.get(entry.entity) ?? entry, timeRatio))
    .sort(
      (a, b) =>
        b.z - a.z || compareText(a.entity, b.entity) || compareText(a.text, b.text) || a.firstAt - b.firstAt,
    );
  return {
    templates,
    linesBefore,
    linesAfter: sum(tallies.map(({ after }) => after)),
    byEntity: totals,
    comparable: linesBefore > 0,
  };
}

/** Drops the minute before the split, unless that would drop more than half of the lines before it. */
function withoutMinuteBefore(lines: readonly Cited<LogLine>[], split: EpochMs): readonly Cited<LogLine>[] {
  const kept = lines.filter(({ row }) => row.timestamp < split - ONSET_TOLERANCE || row.timestamp >= split);
  const before = (some: readonly Cited<LogLine>[]) => some.filter(({ row }) => row.timestamp < split).length;
  return before(kept) * 2 >= before(lines) ? kept : lines;
}

function tally(lines: readonly Cited<LogLine>[], split: EpochMs): Tally[] {
  const templates = new LogTemplates();
  const byTemplate = new Map<LogTemplate, Map<string, Tally>>();
  for (const { row, evidenceId } of lines) {
    const template = templates.add(row.message);
    const isError = isErrorLike(row.message, row.level);
    const tallies = getOrAdd(byTemplate, template, () => new Map<string, Tally>());
    // The same template can be a success or a failure when the status code that tells them apart is masked.
    const entry = getOrAdd(tallies, `${isError ? 'e' : 'n'}${row.entity}`, (): Tally => ({
      entity: row.entity,
      template,
      isError,
      first: row,
      firstAfter: undefined,
      before: 0,
      after: 0,
      evidenceBefore: new Set(),
      evidenceAfter: new Set(),
    }));
    if (row.timestamp < split) {
      entry.before += lineCount(row);
      entry.evidenceBefore.add(evidenceId);
    } else {
      entry.after += lineCount(row);
      entry.firstAfter ??= row;
      entry.evidenceAfter.add(evidenceId);
    }
  }
  return [...byTemplate.values()].flatMap((tallies) => [...tallies.values()]);
}

function toShift(entry: Tally, total: LineCounts, timeRatio: number): TemplateShift {
  const { entity, template, isError, before, after } = entry;
  const expected = before * Math.max(timeRatio, volumeRatio(entry, total));
  const { timestamp: firstAt, message: sample } = entry.firstAfter ?? entry.first;
  return {
    entity,
    text: template.text,
    isError,
    before,
    after,
    expected,
    z: poissonDistance(after, expected, before),
    firstAt,
    sample,
    evidenceIds: [...(after > 0 ? entry.evidenceAfter : entry.evidenceBefore)],
  };
}

function volumeRatio(entry: Tally, total: LineCounts): number {
  const before = total.before - entry.before;
  return before < MIN_LINES_FOR_VOLUME ? 0 : (total.after - entry.after) / before;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
