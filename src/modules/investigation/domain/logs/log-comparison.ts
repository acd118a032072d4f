import { compareText } from '../compare-text.js';
import { timesSeen } from './error-volume.js';
import type { Cited } from '../evidence/evidence-set.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { isErrorLike } from './log-severity.js';
import { getOrAdd } from '../get-or-add.js';
import { type LogTemplate, LogTemplates } from './log-templates.js';
import { poissonDistance } from '../poisson-distance.js';

/** How often one entity wrote one message before and after a point in time. */
export interface TemplateUse {
  readonly entity: string;
  readonly template: string;
  readonly isError: boolean;
  /** Lines. */
  readonly before: number;
  readonly after: number;
  /** How many lines after would have been normal. */
  readonly expected: number;
  /** How far `after` lies from `expected`; below 0 when the message became rare. */
  readonly z: number;
  /** The first line after; of the first line at all when there is none. */
  readonly firstAt: EpochMs;
  readonly sample: string;
  /** Of the lines after; of those before when there are none. */
  readonly evidenceIds: readonly string[];
}

export interface LogComparison {
  readonly uses: readonly TemplateUse[];
  readonly linesBefore: number;
  readonly linesAfter: number;
  readonly byEntity: ReadonlyMap<string, LineCounts>;
  /** Whether there is a before to compare with. */
  readonly comparable: boolean;
}

/** How many lines an entity wrote before and after, of all messages together. */
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

const FEWEST_LINES_FOR_VOLUME = 20;
/** The minute before the split is neither: when it began is only estimated. */
const UNCERTAIN = 60_000;

/**
 * Groups lines by template and entity and compares each with itself before the split. What is expected after it:
 * `before × max(time after / time before, other lines of the entity after / before)`, so that mere traffic does not
 * look like trouble. `lines` must be oldest first.
 */
export function compareLogs(all: readonly Cited<LogLine>[], split: EpochMs): LogComparison {
  const lines = withoutUncertain(all, split);
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

  const uses = tallies.map((entry): TemplateUse => {
    const total = totals.get(entry.entity) ?? entry;
    const expected = entry.before * Math.max(timeRatio, volumeRatio(entry, total));
    const evidence = entry.after > 0 ? entry.evidenceAfter : entry.evidenceBefore;
    return {
      entity: entry.entity,
      template: entry.template.text,
      isError: entry.isError,
      before: entry.before,
      after: entry.after,
      expected,
      z: poissonDistance(entry.after, expected, entry.before),
      firstAt: (entry.firstAfter ?? entry.first).timestamp,
      sample: (entry.firstAfter ?? entry.first).message,
      evidenceIds: [...evidence],
    };
  });
  uses.sort(
    (a, b) =>
      b.z - a.z ||
      compareText(a.entity, b.entity) ||
      compareText(a.template, b.template) ||
      a.firstAt - b.firstAt,
  );
  return {
    uses,
    linesBefore,
    linesAfter: sum(tallies.map(({ after }) => after)),
    byEntity: totals,
    comparable: linesBefore > 0,
  };
}

/** Without the minute before the split, where the lines before that still are half of all before. */
function withoutUncertain(lines: readonly Cited<LogLine>[], split: EpochMs): readonly Cited<LogLine>[] {
  const certain = lines.filter(({ row }) => row.timestamp < split - UNCERTAIN || row.timestamp >= split);
  const before = (some: readonly Cited<LogLine>[]) => some.filter(({ row }) => row.timestamp < split).length;
  return before(certain) * 2 >= before(lines) ? certain : lines;
}

function tally(lines: readonly Cited<LogLine>[], split: EpochMs): Tally[] {
  const templates = new LogTemplates();
  const byTemplate = new Map<LogTemplate, Map<string, Tally>>();
  for (const { row, evidenceId } of lines) {
    const template = templates.add(row.message);
    const isError = isErrorLike(row.message, row.level);
    const tallies = getOrAdd(byTemplate, template, () => new Map<string, Tally>());
    // The same words can be a success or a failure: the masked status code tells them apart.
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
      entry.before += timesSeen(row);
      entry.evidenceBefore.add(evidenceId);
    } else {
      entry.after += timesSeen(row);
      entry.firstAfter ??= row;
      entry.evidenceAfter.add(evidenceId);
    }
  }
  return [...byTemplate.values()].flatMap((tallies) => [...tallies.values()]);
}

function volumeRatio(entry: Tally, total: LineCounts): number {
  const before = total.before - entry.before;
  return before < FEWEST_LINES_FOR_VOLUME ? 0 : (total.after - entry.after) / before;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
