import type { Suspect } from '../agents/agent.js';
import { compareText } from '../compare-text.js';

/** How loud one way of looking is. */
export interface Loudness {
  /** In the measure's own unit: what anybody may have without being suspicious. */
  readonly usual: number;
  /** How many entities were looked at; those that are not in the measure have 0. */
  readonly among: number;
  readonly weight?: number;
}

const POWER = 3;
/** Of fewer entities most may well be suspicious. */
const FEWEST_FOR_MEDIAN = 4;
/** One way of looking, however sure, is still one. */
const LOUDEST = 100;

/**
 * How far each entity stands out from all others on one measure: `w · ((m − median) / (usual + the best other))³`. The
 * median takes away what happened to all; dividing by the best other lets a way of looking that singles somebody out
 * speak louder than one that suspects everybody. Most suspicious first; who does not stand out is left out.
 */
export function standingOut(
  measure: ReadonlyMap<string, number>,
  { usual, among, weight = 1 }: Loudness,
): Suspect[] {
  const median = medianOf(measure, among);
  const excess = new Map([...measure].map(([entity, value]) => [entity, Math.max(0, value - median)]));
  const [most = 0, second = 0] = [...excess.values()].sort((a, b) => b - a);
  return ranked(
    [...excess]
      .filter(([, value]) => value > 0 && Number.isFinite(value))
      .map(([entity, value]) => {
        const best = value === most ? second : most;
        return [entity, Math.min(LOUDEST, weight * (value / (usual + best)) ** POWER)];
      }),
  );
}

/** Several ways of looking as one: the sum of what each says. */
export function together(...ways: readonly (readonly Suspect[])[]): Suspect[] {
  const total = new Map<string, number>();
  for (const { entity, score } of ways.flat()) total.set(entity, (total.get(entity) ?? 0) + score);
  return ranked(total);
}

/** Suspicion as shares that add up to 1. */
export function asShares(suspects: readonly Suspect[]): Suspect[] {
  const total = suspects.reduce((sum, { score }) => sum + score, 0);
  if (!(total > 0 && Number.isFinite(total))) return [];
  return ranked(suspects.map(({ entity, score }) => [entity, score / total]));
}

function medianOf(measure: ReadonlyMap<string, number>, among: number): number {
  const all = Math.max(among, measure.size);
  if (all < FEWEST_FOR_MEDIAN) return 0;
  const above = [...measure.values()].filter((value) => value > 0).sort((a, b) => b - a);
  // Of an even number of entities the lower one of the two in the middle.
  return above[Math.floor(all / 2)] ?? 0;
}

function ranked(scores: Iterable<readonly [string, number]>): Suspect[] {
  return [...scores]
    .map(([entity, score]) => ({ entity, score }))
    .sort((a, b) => b.score - a.score || compareText(a.entity, b.entity));
}
