import { compareText } from '../compare-text.js';
import { type DiffReading, readDiff } from './diff-risk.js';
import type { Cited } from '../evidence/cited.js';
import { type Change, type ChangeType, type EpochMs } from '../evidence/evidence.js';
import { textTokens } from '#kernel/domain/text-tokens';

/** What changes are compared with. */
export interface ChangeSymptoms {
  readonly onsetAt: EpochMs;
  /** The incident's environment. */
  readonly environment: string | null;
  /** Calls between the failing service and the changed one; 0 for itself, undefined for no known path. */
  readonly distance: (service: string) => number | undefined;
  /** Whether the changed service itself has a symptom (an abnormal metric, a new error). */
  readonly hasSymptom: (service: string) => boolean;
  /** The service that file paths belong to, if they name one. */
  readonly serviceIn: (paths: readonly string[]) => string | undefined;
  /** Words of new error messages, and of the alert, with their weights. */
  readonly logWords: ReadonlyMap<string, number>;
  readonly alertWords: ReadonlyMap<string, number>;
}

export interface RankedChange {
  readonly cited: Cited<Change>;
  readonly score: number;
  /** Milliseconds from the change to the onset; negative when it came after. */
  readonly lag: number;
  readonly distance: number | undefined;
  /** Words of what it changed that new error messages contain too, highest weight first. */
  readonly sharedWithLogs: readonly string[];
  /** Risks seen in its diff. */
  readonly risks: readonly string[];
  /** Whether the diff contains a risk that tends to break things, or is unknown. */
  readonly risky: boolean;
  /** Whether the diff is known and contains nothing related to the symptoms. */
  readonly innocent: boolean;
  /** Why it cannot be the cause. */
  readonly ruledOut?: 'after_onset' | 'other_environment' | 'unrelated';
}

const MINUTE = 60_000;
/** Milliseconds before the onset. Older changes are not considered. */
export const LOOK_BACK = 6 * 60 * MINUTE;
/** A deploy is often reported when it has finished, after the first instances already failed. */
const REPORTED_LATE = MINUTE;
const LATEST_AFTER_ONSET = 2 * MINUTE;
const LAG_SCALE = 20 * MINUTE;
const MAX_WORD_WEIGHT = 4;
/** Factor for a harmless diff: changes of log statements or documents share words with the logs anyway. */
const WHEN_HARMLESS = 0.3;
/** Score for each word that the changed code shares with the errors. */
const PER_SHARED_WORD = 0.2;
const MAX_FOR_SHARED_WORDS = 0.8;
/** The smallest diff score that means a risk, such as a removed guard or a constant that moved far. */
const TELLING_RISK = 0.5;
const RISK_WHEN_NAMED = 0.3;
/** A single shared word may be chance. */
export const MIN_SHARED_WORDS = 2;

/**
 * Ranks the changes of the last 6 hours before the onset, ruled-out ones last. The score is the sum of
 * - `1 + .8·e^(−lag / 20 min)`, times .7 for flags and .4 for commits that nothing deployed
 * - .5 on the failing service itself, .6 on a service with a symptom
 * - `Σ min(weight, 4)·idf / (6 + .15·words)` over the change's words that also occur in new error messages or the alert,
 *   with idf over the candidates (times .3 for a harmless diff); `words` is the number of distinct words of the change
 * - .2 for each word of the changed code that occurs in new error messages, at most .8
 * - the risk score of the diff (`readDiff`)
 * - −2 when it came more than a minute after the onset
 *
 * The weights were set before they were first measured, and have not been tuned since.
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
  const hasSymptom = service !== '' && symptoms.hasSymptom(service);
  const reading = readDiff(change.paths ?? [], change.diff);
  const known = reading.harmless || change.diff !== undefined;
  const own = known ? changedWords(reading, change.paths ?? []) : describedWords(change);
  const { weight, shared } = matchWords(words, own, idf, symptoms);
  const score =
    timeScore(change.type, lag) +
    (distance === 0 ? 0.5 : 0) +
    (hasSymptom ? 0.6 : 0) +
    (weight * (reading.harmless ? WHEN_HARMLESS : 1)) / (6 + 0.15 * words.size) +
    Math.min(MAX_FOR_SHARED_WORDS, PER_SHARED_WORD * shared.length) +
    reading.score -
    (lag < -REPORTED_LATE ? 2 : 0);
  const base = {
    cited,
    score,
    lag,
    distance,
    sharedWithLogs: shared,
    risks: reading.reasons,
    risky:
      !known ||
      reading.score >= TELLING_RISK ||
      (reading.score >= RISK_WHEN_NAMED && shared.length >= MIN_SHARED_WORDS),
    innocent: known && shared.length < MIN_SHARED_WORDS && reading.score < TELLING_RISK,
  };
  if (lag < -LATEST_AFTER_ONSET) return { ...base, ruledOut: 'after_onset' };
  if (isOtherEnvironment(change, symptoms.environment)) return { ...base, ruledOut: 'other_environment' };
  const isNamed = shared.length >= MIN_SHARED_WORDS && (change.type === 'code' || base.risky);
  return distance === undefined && !hasSymptom && !isNamed ? { ...base, ruledOut: 'unrelated' } : base;
}

/** The weight of the change's words in logs and alert, and the words of what it changed that occur in logs. */
function matchWords(
  words: ReadonlySet<string>,
  own: ReadonlySet<string>,
  idf: (word: string) => number,
  { logWords, alertWords }: ChangeSymptoms,
): { readonly weight: number; readonly shared: readonly string[] } {
  let weight = 0;
  const shared: { word: string; weight: number }[] = [];
  for (const word of words) {
    const inLogs = logWords.get(word) ?? 0;
    const ownWeight = Math.min(inLogs + (alertWords.get(word) ?? 0), MAX_WORD_WEIGHT) * idf(word);
    weight += ownWeight;
    if (inLogs > 0 && own.has(word)) shared.push({ word, weight: ownWeight });
  }
  shared.sort((a, b) => b.weight - a.weight || compareText(a.word, b.word));
  return { weight, shared: shared.map(({ word }) => word) };
}

/** The words of the changed lines and of the file names, which occur in stack traces. */
function changedWords({ words, harmless }: DiffReading, paths: readonly string[]): ReadonlySet<string> {
  if (harmless) return words;
  const files = paths.map((path) => path.replace(/^.*\//, '').replace(/\.\w+$/, ''));
  return new Set([...words, ...textTokens(files.join(' '))]);
}

/** Without a diff: the words of the summary, except the service's name, which occurs in many messages anyway. */
function describedWords({ service, summary }: Change): Set<string> {
  const name = new Set(textTokens(service));
  return new Set(textTokens(summary).filter((word) => !name.has(word)));
}

/** `prod` and `production` are equal; a change without an environment may be in any. */
function isOtherEnvironment({ environment }: Change, incident: string | null): boolean {
  const [a, b] = [environment ?? '', incident ?? ''].map((name) => name.trim().toLowerCase());
  if (!a || !b) return false;
  return !a.startsWith(b) && !b.startsWith(a);
}

/** A flag is made to be switched; a commit without a deploy runs nowhere. */
const TYPE_FACTOR: Readonly<Record<ChangeType, number>> = {
  deploy: 1,
  config: 1,
  schema: 1,
  infra: 1,
  flag: 0.7,
  code: 0.4,
};

function timeScore(type: ChangeType, lag: number): number {
  return TYPE_FACTOR[type] * (1 + 0.8 * Math.exp(-Math.max(0, lag) / LAG_SCALE));
}

function textOf({ service, summary, paths, diff }: Change): string {
  return [service, summary, ...(paths ?? []), diff ?? ''].join('\n');
}
