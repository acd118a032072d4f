import type { Localisation } from '../topology/localisation.js';

const BASE = 1.05;
const PER_STRENGTH = 1.25;
/** Measurements tell more than alerts, which are measurements reduced to a threshold. */
const WITH_MEASUREMENTS = 1.5;
/** Damage that was traced along calls is strong evidence. */
const WITH_DAMAGE = 0.6;
/** `ln(strength)` is clamped to this range, that is strengths of e⁻³ to 2. */
const MIN_LOG_STRENGTH = -3;
const MAX_LOG_STRENGTH = 0.7;

/**
 * The probability, 0..1, that the localised entity is the root cause. A logistic model: `1 / (1 + e⁻ˣ)` with
 * `x = 1.05 + 1.25·ln(strength)`, `+ 1.5` with measurements and not only alerts, `+ .6` when damage was traced there. The
 * four parameters were fitted to labelled cases and rounded, the third downwards. The number of agreeing methods added
 * nothing, since the strength is their sum. docs/accuracy.md has the calibration.
 */
export function confidenceIn({ strength, alertsOnly, byDamage }: Localisation): number {
  const x =
    BASE +
    PER_STRENGTH * Math.min(MAX_LOG_STRENGTH, Math.max(MIN_LOG_STRENGTH, Math.log(strength))) +
    (alertsOnly ? 0 : WITH_MEASUREMENTS) +
    (byDamage ? WITH_DAMAGE : 0);
  return 1 / (1 + Math.exp(-x));
}
