import type { Suspect } from '../agents/agent.js';
import { compareText } from '../compare-text.js';

/** The scale of one anomaly signal. */
export interface OutlierScale {
  /** In the signal's own unit: values up to about this are normal. */
  readonly tolerance: number;
  /** How many entities were measured; those without a value count as 0. */
  readonly population: number;
  /** Default 1. */
  readonly weight?: number;
}

const POWER = 3;
/** Of fewer entities, most may be anomalous, so no median is subtracted. */
const MIN_FOR_MEDIAN = 4;
/** Keeps one signal from outweighing all others. */
const MAX_SCORE = 100;

/**
 * How far each entity stands out from the others in one signal: `min(100, w · (x / (tolerance + largest x of another
 * entity))³)`, with x its value above the median of all entities. Subtracting the median removes what affects all; the
 * division gives a signal that singles out one entity more weight than one that suspects many.
 * @param values per entity, larger is more anomalous
 * @returns highest score first, without entities that are not above the median
 */
export function outlierScores(
  values: ReadonlyMap<string, number>,
  { tolerance, population, weight = 1 }: OutlierScale,
): Suspect[] {
  const median = medianOf(values, population);
  const excess = new Map([...values].map(([entity, value]) => [entity, Math.max(0, value - median)]));
  const [largest = 0, second = 0] = [...excess.values()].sort((a, b) => b - a);
  return ranked(
    [...excess]
      .filter(([, value]) => value > 0 && Number.isFinite(value))
      .map(([entity, value]) => {
        const largestOther = value === largest ? second : largest;
        return [entity, Math.min(MAX_SCORE, weight * (value / (tolerance + largestOther)) ** POWER)];
      }),
  );
}

/** Sums the scores of several signals. */
export function combineSuspects(...signals: readonly (readonly Suspect[])[]): Suspect[] {
  const total = new Map<string, number>();
  for (const { entity, score } of signals.flat()) total.set(entity, (total.get(entity) ?? 0) + score);
  return ranked(total);
}

/** Scores as shares that add up to 1; empty when there is nothing to share. */
export function asShares(suspects: readonly Suspect[]): Suspect[] {
  const total = suspects.reduce((sum, { score }) => sum + score, 0);
  if (!(total > 0 && Number.isFinite(total))) return [];
  return ranked(suspects.map(({ entity, score }) => [entity, score / total]));
}

function medianOf(values: ReadonlyMap<string, number>, population: number): number {
  const size = Math.max(population, values.size);
  if (size < MIN_FOR_MEDIAN) return 0;
  const descending = [...values.values()].filter((value) => value > 0).sort((a, b) => b - a);
  // The lower median of an even number.
  return descending[Math.floor(size / 2)] ?? 0;
}

function ranked(scores: Iterable<readonly [string, number]>): Suspect[] {
  return [...scores]
    .map(([entity, score]) => ({ entity, score }))
    .sort((a, b) => b.score - a.score || compareText(a.entity, b.entity));
}
