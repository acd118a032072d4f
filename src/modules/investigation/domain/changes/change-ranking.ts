import { compareText } from '../compare-text.js';
import { type DiffReading, readDiff } from './diff-risk.js';
import type { Cited } from '../evidence/evidence-set.js';
import { type Change, type ChangeType, type EpochMs } from '../evidence/evidence.js';
import { textTokens } from '#kernel/domain/text-tokens';

/** What a change is measured against. */
export interface ChangeSymptoms {
  readonly onsetAt: EpochMs;
  /** Of the incident. */
  readonly environment: string | null;
  /** How many calls lie between the failing service and the changed one; 0 for itself, undefined for no known path. */
  readonly distance: (service: string) => number | undefined;
  /** Whether the changed service itself shows trouble (a metric that left normal, a new error). */
  readonly isHot: (service: string) => boolean;
  /** The service that a path belongs to, when one is named in it. */
  readonly serviceIn: (paths: readonly string[]) => string | undefined;
  /** Words of new error messages, and of the alert, with their weight. */
  readonly logWords: ReadonlyMap<string, number>;
  readonly alertWords: ReadonlyMap<string, number>;
}

export interface RankedChange {
  readonly cited: Cited<Change>;
  readonly score: number;
  /** From the change to the onset, ms; below 0 when it came after. */
  readonly lag: number;
  readonly distance: number | undefined;
  /** Words of what it changed that new error messages use too, the weightiest first. */
  readonly sharedWithLogs: readonly string[];
  /** What was seen in its diff. */
  readonly risks: readonly string[];
  /** Whether that tends to break things; a diff that is not known may be anything. */
  readonly risky: boolean;
  /** Whether its diff is known and nothing in it has to do with such trouble. */
  readonly innocent: boolean;
  /** Why it cannot be the cause, if so. */
  readonly ruledOut?: 'after_onset' | 'other_environment' | 'unrelated';
}

const MINUTE = 60_000;
/** Changes further back are not looked at; those of the last minutes before the onset weigh most. */
export const LOOK_BACK = 6 * 60 * MINUTE;
/** A deploy is often reported when it is done, when the first instances already failed. */
const REPORTED_LATE = MINUTE;
const LATEST_AFTER_ONSET = 2 * MINUTE;
const LAG_SCALE = 20 * MINUTE;
const MAX_WORD_WEIGHT = 4;
/** Who changes what is logged, or writes about it, uses the words of the logs anyway. */
const WHEN_HARMLESS = 0.3;
/** For each word of what it changed that the errors use. */
const NAMED = 0.2;
const MAX_NAMED = 0.8;
/** Less than a guard that is gone or a constant that moved far says nothing. */
const TELLING_RISK = 0.5;
const RISK_WHEN_NAMED = 0.3;
/** One shared word may be chance. */
export const MIN_SHARED_WORDS = 2;

/**
 * Ranks what changed before the onset:
 * `takes effect 1 + .8·e^(−lag / 20 min)` (less for flags and for commits that nothing deployed) `+ .5` on the failing service itself
 * `+ .6` on a service that shows trouble `+ text + risk of the diff − 2` when it came after the onset, where
 * `text = Σ min(weight, 4)·idf / (6 + .15·words)` over the change's words that also occur in new error messages or
 * the alert, with idf over the candidates. The weights were set before they were first measured, and not tuned since.
 */
export function rankChanges(changes: readonly Cited<Change>[], symptoms: ChangeSymptoms): RankedChange[] {
  const recent = changes.filter(({ row }) => row.occurredAt >= symptoms.onsetAt - LOOK_BACK);
  const words = recent.map(({ row }) => new Set(textTokens(textOf(row))));
  const occurrences = new Map<string, number>();
  for (const own of words) for (const word of own) occurrences.set(word, (occurrences.get(word) ?? 0) + 1);
  const idf = (word: string) => Math.log(1 + recent.length / (occurrences.get(word) ?? 1));

  return recent
    .map((cited, i) => rank(cited, words[i] ?? new Set(), idf, symptoms))
    .sort(
      (a, b) =>
        Number(a.ruledOut !== undefined) - Number(b.ruledOut !== undefined) ||
        b.score - a.score ||
        b.cited.row.occurredAt - a.cited.row.occurredAt ||
        compareText(a.cited.row.service, b.cited.row.service) ||
        compareText(a.cited.evidenceId, b.cited.evidenceId),
    );
}

function rank(
  cited: Cited<Change>,
  words: ReadonlySet<string>,
  idf: (word: string) => number,
  symptoms: ChangeSymptoms,
): RankedChange {
  const change = cited.row;
  const lag = symptoms.onsetAt - change.occurredAt;
  const service = change.service || (symptoms.serviceIn(change.paths ?? []) ?? '');
  const distance = service === '' ? undefined : symptoms.distance(service);
  const hot = service !== '' && symptoms.isHot(service);
  const reading = readDiff(change.paths ?? [], change.diff);
  const known = reading.harmless || change.diff !== undefined;
  const own = known ? aboutWhat(reading, change.paths ?? []) : aboutItself(change);
  let text = 0;
  const shared: { word: string; worth: number }[] = [];
  for (const word of words) {
    const inLogs = symptoms.logWords.get(word) ?? 0;
    const worth = Math.min(inLogs + (symptoms.alertWords.get(word) ?? 0), MAX_WORD_WEIGHT) * idf(word);
    text += worth;
    if (inLogs > 0 && own.has(word)) shared.push({ word, worth });
  }
  const score =
    takesEffect(change.type, lag) +
    (distance === 0 ? 0.5 : 0) +
    (hot ? 0.6 : 0) +
    (text * (reading.harmless ? WHEN_HARMLESS : 1)) / (6 + 0.15 * words.size) +
    Math.min(MAX_NAMED, NAMED * shared.length) +
    reading.score -
    (lag < -REPORTED_LATE ? 2 : 0);
  shared.sort((a, b) => b.worth - a.worth || compareText(a.word, b.word));
  const base = {
    cited,
    score,
    lag,
    distance,
    sharedWithLogs: shared.map(({ word }) => word),
    risks: reading.reasons,
    risky:
      !known ||
      reading.score >= TELLING_RISK ||
      (reading.score >= RISK_WHEN_NAMED && shared.length >= MIN_SHARED_WORDS),
    innocent: known && shared.length < MIN_SHARED_WORDS && reading.score < TELLING_RISK,
  };
  if (lag < -LATEST_AFTER_ONSET) return { ...base, ruledOut: 'after_onset' };
  if (isElsewhere(change, symptoms.environment)) return { ...base, ruledOut: 'other_environment' };
  const worded = base.sharedWithLogs.length >= MIN_SHARED_WORDS && (change.type === 'code' || base.risky);
  return distance === undefined && !hot && !worded ? { ...base, ruledOut: 'unrelated' } : base;
}

/** The words of what changed, and the names of the files: a stack trace leads through them. */
function aboutWhat({ words, harmless }: DiffReading, paths: readonly string[]): ReadonlySet<string> {
  if (harmless) return words;
  const files = paths.map((path) => path.replace(/^.*\//, '').replace(/\.\w+$/, ''));
  return new Set([...words, ...textTokens(files.join(' '))]);
}

/** Without a diff, what somebody wrote about it; its own name stands in many messages anyway. */
function aboutItself({ service, summary }: Change): Set<string> {
  const name = new Set(textTokens(service));
  return new Set(textTokens(summary).filter((word) => !name.has(word)));
}

/** `prod` and `production` are one place; a change that does not say where it was may have been anywhere. */
function isElsewhere({ environment }: Change, incident: string | null): boolean {
  const [a, b] = [environment ?? '', incident ?? ''].map((name) => name.trim().toLowerCase());
  if (!a || !b) return false;
  return !a.startsWith(b) && !b.startsWith(a);
}

/** A flag is made to be turned; a commit by itself runs nowhere. */
const TAKES_EFFECT: Readonly<Record<ChangeType, number>> = {
  deploy: 1,
  config: 1,
  schema: 1,
  infra: 1,
  flag: 0.7,
  code: 0.4,
};

function takesEffect(type: ChangeType, lag: number): number {
  return TAKES_EFFECT[type] * (1 + 0.8 * Math.exp(-Math.max(0, lag) / LAG_SCALE));
}

function textOf({ service, summary, paths, diff }: Change): string {
  return [service, summary, ...(paths ?? []), diff ?? ''].join('\n');
}
