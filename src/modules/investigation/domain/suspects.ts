import type { Suspect } from './agents/agent.js';
import { compareText } from './compare-text.js';

/** Suspicion by entity, in any unit, as shares that add up to 1; most suspicious first. */
export function asShares(suspicion: ReadonlyMap<string, number>): Suspect[] {
  let total = 0;
  for (const score of suspicion.values()) total += score;
  if (!(total > 0 && Number.isFinite(total))) return [];
  return ranked(new Map([...suspicion].map(([entity, score]) => [entity, score / total])));
}

/** Several ways of looking as one, a noisy or: `1 − Π(1 − share)`. */
export function fused(ways: readonly (readonly Suspect[])[]): Suspect[] {
  const innocence = new Map<string, number>();
  for (const { entity, score } of ways.flat())
    innocence.set(entity, (innocence.get(entity) ?? 1) * (1 - score));
  return ranked(new Map([...innocence].map(([entity, rest]) => [entity, 1 - rest])));
}

function ranked(scores: ReadonlyMap<string, number>): Suspect[] {
  return [...scores]
    .map(([entity, score]) => ({ entity, score }))
    .sort((a, b) => b.score - a.score || compareText(a.entity, b.entity));
}
