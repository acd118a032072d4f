/** A line in which only the value of a literal changed. */
export interface ConstantChange {
  /** 0..1: how far the value moved; small for a change by a quarter, 1 for another unit or a factor of 4. */
  readonly strength: number;
  readonly line: string;
}

const LITERAL =
  /(?<=[(=,:] ?)\/(?:[^/\\]|\\.){2,}\/[a-z]*|"[^"]*"|'[^']*'|`[^`]*`|\b0x[\da-f]{1,16}\b|\b[a-z_]{2,60}\d{1,4}\b|\b\d[\d_]*(?:\.\d+)?(?:[a-z%]{1,3}\b)?|\b(?:(?:milli|micro|nano)?seconds?|minutes?|hours?|true|false|on|off|enabled|disabled|debug|info|warn|error)\b/gi;
const NUMBER = /^(\d[\d_]*(?:\.\d+)?)([a-z%]{0,3})$/i;
const UNITS: Readonly<Record<string, number>> = {
  ms: 1e-3,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
  k: 1e3,
  ki: 1024,
  kb: 1e3,
  mb: 1e6,
  mi: 1024 ** 2,
  gb: 1e9,
  gi: 1024 ** 3,
};
/** A factor of 4, up or down, is full strength: `|ln(b / a)| / ln 4`. */
const FULL_STRENGTH = Math.log(4);
/** Factor for a value that moved in its safe direction. */
const WHEN_RELAXED = 0.5;
/** A text that programs compare matters more than one that people read. */
const WHEN_TEXT = 0.4;
const PROSE = /[a-z]{2,}[,.!]? [a-z]{2,}/i;
const WHEN_PROSE = 0.2;
/** Less logging breaks nothing; more logging may fill a disk. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];
const WHEN_QUIETER = 0.1;
/** Settings that are risky to decrease, and those that are risky to increase. */
const HURTS_WHEN_LESS =
  /time.?out|deadline|ttl|lifetime|expir|pool|memory|cpu|replica|thread|worker|budget|threshold/i;
const HURTS_WHEN_MORE = /retr(?:y|ies)|attempt|batch|concurren|parallel|prefetch|page/i;

/** The strongest literal change between a removed and an added line of the same shape. Version bumps do not count. */
export function constantChange(
  removed: readonly string[],
  added: readonly string[],
  isConfiguration = false,
): ConstantChange | undefined {
  const shape = isConfiguration ? keyOf : shapeOf;
  const byShape = new Map<string, string>();
  for (const line of removed) if (!isVersion(line)) byShape.set(shape(line), line);
  let strongest: ConstantChange | undefined;
  for (const line of added) {
    const before = isVersion(line) ? undefined : byShape.get(shape(line));
    if (before === undefined) continue;
    const strength = moved(before, line, isConfiguration);
    if (strength > (strongest?.strength ?? 0)) strongest = { strength, line: `${before}\n${line}` };
  }
  return strongest;
}

/** In a configuration file everything behind the key is the value. */
function keyOf(line: string): string {
  const [, key] = /^([\w."'-]{2,80})\s*[:=]\s*\S/.exec(line) ?? [];
  return key ?? shapeOf(line);
}

function shapeOf(line: string): string {
  return line.replaceAll(LITERAL, '§').replaceAll(/\s+/g, ' ');
}

function moved(before: string, after: string, isConfiguration: boolean): number {
  const old = before.match(LITERAL) ?? [];
  const now = after.match(LITERAL) ?? [];
  // No literal differs, so an unquoted value behind the key does.
  if (old.join() === now.join()) {
    if (before === after) return 0;
    return PROSE.test(after) ? WHEN_PROSE : 1;
  }
  return now.reduce(
    (max, literal, i) => Math.max(max, distance(old[i] ?? literal, literal, after, isConfiguration)),
    0,
  );
}

function distance(before: string, after: string, line: string, isConfiguration: boolean): number {
  if (before === after) return 0;
  const [a, b] = [numberIn(before), numberIn(after)];
  if (a === undefined || b === undefined) {
    const [from, to] = [levelIn(before), levelIn(after)];
    if (from >= 0 && to > from) return WHEN_QUIETER;
    if (!/^["'`]/.test(after)) return 1;
    if (PROSE.test(after)) return WHEN_PROSE;
    return isConfiguration ? 1 : WHEN_TEXT;
  }
  if (a <= 0 || b <= 0) return 1;
  const relaxed = b > a ? HURTS_WHEN_LESS.test(line) : HURTS_WHEN_MORE.test(line);
  return Math.min(1, Math.abs(Math.log(b / a)) / FULL_STRENGTH) * (relaxed ? WHEN_RELAXED : 1);
}

function levelIn(literal: string): number {
  return LEVELS.indexOf(literal.replaceAll(/["'`]/g, '').toLowerCase());
}

function numberIn(literal: string): number | undefined {
  if (/^0x/i.test(literal)) return Number(literal);
  const [, digits, unit = ''] = NUMBER.exec(literal) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits.replaceAll('_', '')) * (UNITS[unit.toLowerCase()] ?? 1);
}

function isVersion(line: string): boolean {
  return /version|\bv\d+\.\d+/i.test(line) && /\d+\.\d+\.\d+|\bv\d+\.\d+/.test(line);
}
