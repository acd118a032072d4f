import type { Localisation } from './localisation.js';

const BASE = 1.15;
const PER_STRENGTH = 0.85;
/** Alerts are what is left of measurements when thresholds have thrown the rest away. */
const WITH_MEASUREMENTS = 0.3;
/** Traced damage leaves little to guess. */
const WITH_DAMAGE = 0.7;
const WITH_AGREEMENT = 0.9;
/** Beyond these the strength tells no more: `e⁻³` to 2. */
const WEAKEST = -3;
const STRONGEST = 0.7;

/**
 * How likely the suspected entity is the one where the trouble is: `1 / (1 + e⁻ˣ)`, `x = 1.15 + .85·ln(strength) + .3`
 * with measurements and not only alerts, `+ .7` when the damage was traced there, `+ .9` when two ways of looking agree. Five parameters: the first
 * two fitted to labelled cases and rounded, the others set by hand near their fit. docs/accuracy.md says on which and how well it
 * holds.
 */
export function confidenceIn({ strength, ways, alertsOnly, byDamage }: Localisation): number {
  const x =
    BASE +
    PER_STRENGTH * Math.min(STRONGEST, Math.max(WEAKEST, Math.log(strength))) +
    (alertsOnly ? 0 : WITH_MEASUREMENTS) +
    (byDamage ? WITH_DAMAGE : 0) +
    (ways >= 2 ? WITH_AGREEMENT : 0);
  return 1 / (1 + Math.exp(-x));
}
