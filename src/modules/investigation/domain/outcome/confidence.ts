import type { Localisation } from '../topology/localisation.js';

const BASE = 1.05;
const PER_STRENGTH = 1.25;
/** Alerts are what is left of measurements when thresholds have thrown the rest away. */
const WITH_MEASUREMENTS = 1.5;
/** Traced damage leaves little to guess. */
const WITH_DAMAGE = 0.6;
/** Beyond these the strength tells no more: `e⁻³` to 2. */
const WEAKEST = -3;
const STRONGEST = 0.7;

/**
 * How likely the suspected entity is the one where the trouble is: `1 / (1 + e⁻ˣ)`, `x = 1.05 + 1.25·ln(strength) + 1.5`
 * with measurements and not only alerts, `+ .6` when the damage was traced there. Four parameters, fitted to labelled
 * cases and rounded, the third downwards; whether two ways of looking agree added nothing, since the strength is their
 * sum. docs/accuracy.md says how well it holds.
 */
export function confidenceIn({ strength, alertsOnly, byDamage }: Localisation): number {
  const x =
    BASE +
    PER_STRENGTH * Math.min(STRONGEST, Math.max(WEAKEST, Math.log(strength))) +
    (alertsOnly ? 0 : WITH_MEASUREMENTS) +
    (byDamage ? WITH_DAMAGE : 0);
  return 1 / (1 + Math.exp(-x));
}
