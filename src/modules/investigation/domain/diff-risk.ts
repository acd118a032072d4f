/** How risky a change looks by itself; above 0 is riskier than most. */
export interface DiffRisk {
  readonly score: number;
  /** What was seen, for the statement of a finding. */
  readonly reasons: readonly string[];
}

const MAX_DIFF = 100_000;
const HARMLESS_PATH =
  /(?:^|\/)(?:docs?|tests?|__tests__|testdata|fixtures)\/|[._-](?:test|spec)\.\w+$|\.(?:md|rst|txt|css|scss|less|svg|png|snap)$|(?:^|\/)CODEOWNERS$/i;
const DEPENDENCIES =
  /(?:^|\/)(?:go\.(?:mod|sum)|package(?:-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|requirements[\w.-]*\.txt|poetry\.lock|Cargo\.(?:toml|lock)|Gemfile(?:\.lock)?|pom\.xml|build\.gradle(?:\.kts)?)$/i;
const COMMENT = /^(?:\/\/|#(?!include|define|if|endif)|\*|\/\*|<!--|--\s)/;
const TELEMETRY =
  /\blog(?:ger|rus|ging|f)?\b|metric|trac(?:e|ing)\b|\bspan\b|counter|histogram|telemetry|prometheus/i;
const TUNABLE =
  /ttl|pool|retr(?:y|ies)|deadline|time.?out|level|max|min(?!ute|or)|limit|sample|threshold|interval|size|batch|concurren|replica|workers?\b|budget/i;
const LOOP = /^(?:for|while)\b|\.forEach\(/;
const GUARDS: readonly RegExp[] = [
  /\bif\b|\bguard\b|\bassert\b|\brequire\b/g,
  /lock\(|mutex|synchronized/gi,
  /\bclose\(|\brelease\(|\bdispose\(|\bfinally\b|\bdefer\b/gi,
  /\blimit\b/gi,
  /time.?out|deadline/gi,
  /sleep\(|backoff|basedelay/gi,
];

/**
 * Reads a unified diff for what tends to break things: `+1.2` a line that stayed the same but for a constant, `+1` a
 * guard, close, limit, lock or timeout that is gone, `+.5` a tunable touched, `+.3` a new loop; `−.5` when only
 * telemetry or the versions of dependencies changed, `−1` when only comments, documents, tests or styles did. Weights as set before they were first
 * measured, and not tuned since.
 */
export function diffRisk(paths: readonly string[], diff: string | undefined): DiffRisk {
  if (paths.length > 0 && paths.every((path) => HARMLESS_PATH.test(path.slice(0, 1024)))) {
    return { score: -1, reasons: ['only documents, tests or styles changed'] };
  }
  if (paths.length > 0 && paths.every((path) => DEPENDENCIES.test(path.slice(0, 1024)))) {
    return { score: -0.5, reasons: ['only versions of dependencies changed'] };
  }
  const { removed, added } = changedLines(diff ?? '');
  const changed = [...removed, ...added];
  if (changed.length === 0) return { score: 0, reasons: [] };
  if (changed.every((line) => COMMENT.test(line))) return { score: -1, reasons: ['only comments changed'] };
  if (changed.every((line) => TELEMETRY.test(line)))
    return { score: -0.5, reasons: ['only telemetry changed'] };

  const risks: readonly (readonly [boolean, number, string])[] = [
    [constantChanged(removed, added), 1.2, 'a constant has another value'],
    [GUARDS.some((guard) => occurrences(removed, guard) > occurrences(added, guard)), 1, 'a guard is gone'],
    [changed.some((line) => TUNABLE.test(line)), 0.5, 'a tunable was touched'],
    [count(added, LOOP) > count(removed, LOOP), 0.3, 'there is a new loop'],
  ];
  const found = risks.filter(([seen]) => seen);
  return {
    score: found.reduce((sum, [, weight]) => sum + weight, 0),
    reasons: found.map(([, , reason]) => reason),
  };
}

/** The lines that are really gone or new: one that only moved is neither. */
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

/** A pair of lines that are equal once literals are left out. A version that was bumped is not such a constant. */
function constantChanged(removed: readonly string[], added: readonly string[]): boolean {
  const shapes = new Set(removed.filter((line) => !isVersion(line)).map(shape));
  return added.some((line) => !isVersion(line) && shapes.has(shape(line)));
}

function shape(line: string): string {
  return line
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '§')
    .replaceAll(/\b\d[\w.]*|\b(?:true|false|on|off|debug|info|warn|error)\b/gi, '§')
    .replaceAll(/\s+/g, ' ');
}

function isVersion(line: string): boolean {
  return /version|\bv\d+\.\d+/i.test(line);
}

function occurrences(lines: readonly string[], words: RegExp): number {
  return lines.reduce((sum, line) => sum + (line.match(words)?.length ?? 0), 0);
}

function count(lines: readonly string[], words: RegExp): number {
  return lines.filter((line) => words.test(line)).length;
}
