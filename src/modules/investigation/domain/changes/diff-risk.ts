import { constantChange } from './diff-constants.js';
import { textTokens } from '#kernel/domain/text-tokens';

/** The result of reading a diff. */
export interface DiffReading {
  /** The sum of the risks; negative for a harmless diff. */
  readonly score: number;
  /** The risks, as phrases for the statement of a finding. */
  readonly reasons: readonly string[];
  /** Whether the diff changes nothing that affects behaviour. */
  readonly harmless: boolean;
  /** Words that occur only in removed or only in added lines: what the change is about. */
  readonly words: ReadonlySet<string>;
}

const MAX_DIFF = 100_000;
const HARMLESS_PATH =
  /(?:^|\/)(?:docs?|tests?|__tests__|testdata|fixtures)\/|[._-](?:test|spec)\.\w+$|\.(?:md|rst|txt|css|scss|less|svg|png|snap)$|(?:^|\/)CODEOWNERS$/i;
const DEPENDENCIES =
  /(?:^|\/)(?:go\.(?:mod|sum)|package(?:-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|requirements[\w.-]*\.txt|poetry\.lock|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|pom\.xml|build\.gradle(?:\.kts)?)$/i;
const COMMENT = /^(?:\/\/|#(?!include|define|if|endif)|\*|\/\*|<!--|--\s)/;
const TELEMETRY =
  /\blog(?:ger|rus|ging|f)?\b|metric|trac(?:e|ing)\b|\bspan\b|counter|histogram|telemetry|prometheus|\b(?:debug|info|warn)!?\(|console\./i;
const TUNABLE =
  /ttl|pool|retr(?:y|ies)|deadline|time.?out|level|max|min(?!ute|or)|limit|sample|threshold|interval|size|batch|concurren|replica|workers?\b|budget|leeway|skew|tolerance|grace/i;
const ENDLESS = /\bwhile ?\(? ?(?:true|1) ?\)?|\bfor ?\( ?; ?; ?\)|^loop ?\{|^for ?\{/i;
const GUARDS: readonly RegExp[] = [
  /\bif\b|\bguard\b|\bassert\b|\brequire\b/g,
  /lock\(|mutex|synchronized/gi,
  /\bclose\(|\brelease\(|\bdispose\(|\bfinally\b|\bdefer\b/gi,
  /\blimit\b/gi,
  /time.?out|deadline/gi,
  /\bawait\b/g,
  /sleep\(|backoff|basedelay/gi,
];

const OF_ADDRESSES = new Set(['com', 'org', 'net', 'github', 'www', 'http', 'https']);
const SETTINGS = /\.(?:ya?ml|toml|json|properties|ini|conf|cfg|env|tfvars?)$|(?:^|\/)\.env/i;
const WORD = /[\w$]+/g;
const MIN_LEFT = 2;
const SHORTEST_LOST = 3;
/** A constant that moved less than this is fine-tuning. */
const TELLING_CONSTANT = 0.3;
const LITERAL_VALUE = /\d|\b(?:true|false|on|off|debug|info)\b/i;

/**
 * Scores a unified diff by changes that tend to break things:
 * - up to 1.2 for a constant, by how far its value moved
 * - 1 for a removed guard, close, limit, lock or time-out
 * - .5 each for another touched tunable, a line that lost a part, and an endless loop
 * - −.2 when only dependency versions changed, −.5 when only their patch versions or only telemetry did, −1 when only
 *   comments, documents, tests or styles did
 */
export function readDiff(paths: readonly string[], diff: string | undefined): DiffReading {
  if (paths.length > 0 && paths.every((path) => HARMLESS_PATH.test(path.slice(0, 1024)))) {
    return harmless(-1, 'only documents, tests or styles changed');
  }
  const { removed, added } = changedLines(diff ?? '');
  const changed = [...removed, ...added];
  if (paths.length > 0 && paths.every((path) => DEPENDENCIES.test(path.slice(0, 1024)))) {
    return onlyPatches(removed, added)
      ? harmless(-0.5, 'only patch versions of dependencies changed')
      : {
          score: -0.2,
          reasons: ['versions of dependencies changed'],
          harmless: false,
          // The name of the dependency is in a context line beside its version.
          words: new Set(textTokens(diff ?? '').filter((word) => !OF_ADDRESSES.has(word))),
        };
  }
  if (changed.length === 0) return { score: 0, reasons: [], harmless: false, words: new Set() };
  if (changed.every((line) => COMMENT.test(line))) return harmless(-1, 'only comments changed');
  if (changed.every((line) => TELEMETRY.test(line))) return harmless(-0.5, 'only telemetry changed');

  const constant = constantChange(
    removed,
    added,
    paths.some((path) => SETTINGS.test(path.slice(0, 1024))),
  );
  const strength = constant?.strength ?? 0;
  const tunable = changed.some((line) => TUNABLE.test(line) && LITERAL_VALUE.test(line));
  const risks: readonly (readonly [boolean, number, string])[] = [
    [strength >= TELLING_CONSTANT, 1.2 * strength, 'a constant has another value'],
    [GUARDS.some((guard) => occurrences(removed, guard) > occurrences(added, guard)), 1, 'a guard is gone'],
    [tunable && (constant === undefined || strength >= TELLING_CONSTANT), 0.5, 'a tunable was touched'],
    [leftOut(removed, added), 0.5, 'a part of a line was left out'],
    [count(added, ENDLESS) > count(removed, ENDLESS), 0.5, 'there is a loop without an end'],
  ];
  const found = risks.filter(([isPresent]) => isPresent);
  return {
    score: found.reduce((sum, [, weight]) => sum + weight, 0),
    reasons: found.map(([, , reason]) => reason),
    harmless: false,
    words: wordsOf(
      removed.filter(isCode),
      added.filter(isCode),
      strength >= TELLING_CONSTANT ? (constant?.line ?? '') : '',
    ),
  };
}

function isCode(line: string): boolean {
  return !COMMENT.test(line);
}

function harmless(score: number, reason: string): DiffReading {
  return { score, reasons: [reason], harmless: true, words: new Set() };
}

function wordsOf(removed: readonly string[], added: readonly string[], constant: string): Set<string> {
  const [gone, fresh] = [new Set(textTokens(removed.join('\n'))), new Set(textTokens(added.join('\n')))];
  return new Set([
    ...[...gone].filter((word) => !fresh.has(word)),
    ...[...fresh].filter((word) => !gone.has(word)),
    ...textTokens(constant),
  ]);
}

/** Whether every version kept its major and minor number. */
function onlyPatches(removed: readonly string[], added: readonly string[]): boolean {
  const minor = (lines: readonly string[]) =>
    new Set(lines.flatMap((line) => line.match(/\d+\.\d+(?=\.\d)/g) ?? []));
  const [before, after] = [minor(removed), minor(added)];
  return [...after].every((version) => before.has(version));
}

/** Removed and added lines, without lines that only moved. */
function changedLines(diff: string): { removed: string[]; added: string[] } {
  const removed: string[] = [];
  const added: string[] = [];
  for (const line of diff.slice(0, MAX_DIFF).split('\n')) {
    if (line.startsWith('+++') || line.startsWith('---')) continue;
    const text = line.slice(1).replaceAll(/\s+/g, ' ').trim();
    if (text.length < 3) continue;
    if (line.startsWith('-')) removed.push(text);
    else if (line.startsWith('+')) added.push(text);
  }
  const before = new Set(removed);
  const after = new Set(added);
  return {
    removed: removed.filter((line) => !after.has(line)),
    added: added.filter((line) => !before.has(line)),
  };
}

/** Whether a line lost words and got none, and the lost words occur in no added line: `await find(id)` → `find(id)`. */
function leftOut(removed: readonly string[], added: readonly string[]): boolean {
  const kept = new Set(added.flatMap((line) => line.match(WORD) ?? []));
  const lossy = removed
    .map((line) => line.match(WORD) ?? [])
    .filter((words) => words.some((word) => word.length >= SHORTEST_LOST && !kept.has(word)));
  return added.some((line) => {
    const left = line.match(WORD) ?? [];
    return left.length >= MIN_LEFT && lossy.some((before) => isPartOf(left, before));
  });
}

function isPartOf(part: readonly string[], whole: readonly string[]): boolean {
  if (part.length >= whole.length || part.length * 3 < whole.length) return false;
  let at = 0;
  for (const word of whole) if (word === part[at]) at += 1;
  return at === part.length;
}

function occurrences(lines: readonly string[], words: RegExp): number {
  return lines.reduce((sum, line) => sum + (line.match(words)?.length ?? 0), 0);
}

function count(lines: readonly string[], words: RegExp): number {
  return lines.filter((line) => words.test(line)).length;
}
