import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { EpochMs } from '../evidence/evidence.js';
import { USER_FACING_ROLES, profileOf } from '../metrics/metric-profile.js';
import { baselineOf, ANOMALY_THRESHOLD, MIN_BASELINE_SAMPLES, robustZ } from '../metrics/robust-score.js';
import { sameService } from '../evidence/service-name.js';

/** That the trouble was over although nothing was changed. */
export interface Recovery {
  readonly at: EpochMs;
  readonly evidenceIds: readonly string[];
}

/** So many samples back at normal are no lull. */
const MIN_CALM = 3;

/**
 * When all that the users of a service felt went back to normal while the service ran on as it was: what a change
 * broke stays broken until somebody undoes it. Undefined while it lasts, or when something was changed since.
 */
export function selfRecovery(
  { series, changes }: EvidenceSet,
  service: string | null,
  onset: EpochMs,
): Recovery | undefined {
  const endings: Recovery[] = [];
  for (const { entity, metric, unit, timestamps, values, evidenceIds } of series) {
    const profile = profileOf(metric, unit);
    if (service === null || !sameService(entity, service) || !USER_FACING_ROLES.has(profile.role)) continue;
    const split = timestamps.findIndex((timestamp) => timestamp >= onset);
    const baseline = split < MIN_BASELINE_SAMPLES ? undefined : baselineOf(values.slice(0, split), profile);
    if (!baseline) continue;
    const departed = values.map((value) => robustZ(value, baseline, profile.direction) > ANOMALY_THRESHOLD);
    const last = departed.lastIndexOf(true);
    if (last < split) continue;
    if (values.length - 1 - last < MIN_CALM) return undefined;
    endings.push({ at: timestamps[last + 1] ?? onset, evidenceIds });
  }
  if (endings.length === 0) return undefined;
  const at = Math.max(...endings.map((ending) => ending.at));
  const undone = changes.some(
    ({ row }) => row.type !== 'code' && row.occurredAt > onset && row.occurredAt <= at,
  );
  return undone ? undefined : { at, evidenceIds: [...new Set(endings.flatMap((each) => each.evidenceIds))] };
}
