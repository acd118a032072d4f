import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { EpochMs } from '../evidence/evidence.js';
import { USER_FACING_ROLES, profileOf } from '../metrics/metric-profile.js';
import { baselineOf, ANOMALY_THRESHOLD, MIN_BASELINE_SAMPLES, robustZ } from '../metrics/robust-score.js';
import { sameService } from '../evidence/service-name.js';

/** The symptoms ended although nothing was changed. */
export interface Recovery {
  readonly at: EpochMs;
  readonly evidenceIds: readonly string[];
}

/** Normal samples at the end of a series that count as recovered, and not as a short pause. */
const MIN_NORMAL_SAMPLES = 3;

/**
 * When every user-facing symptom of a service returned to normal without a change. What a change breaks stays broken until
 * it is undone, so a recovery speaks against a change as the cause.
 * @returns undefined while symptoms last, or when something was changed between onset and recovery
 */
export function selfRecovery(
  { series, changes }: EvidenceSet,
  service: string | null,
  onset: EpochMs,
): Recovery | undefined {
  const recoveries: Recovery[] = [];
  for (const { entity, metric, unit, timestamps, values, evidenceIds } of series) {
    const profile = profileOf(metric, unit);
    if (service === null || !sameService(entity, service) || !USER_FACING_ROLES.has(profile.role)) continue;
    const split = timestamps.findIndex((timestamp) => timestamp >= onset);
    const baseline = split < MIN_BASELINE_SAMPLES ? undefined : baselineOf(values.slice(0, split), profile);
    if (!baseline) continue;
    const departed = values.map((value) => robustZ(value, baseline, profile.direction) > ANOMALY_THRESHOLD);
    const last = departed.lastIndexOf(true);
    if (last < split) continue;
    if (values.length - 1 - last < MIN_NORMAL_SAMPLES) return undefined;
    recoveries.push({ at: timestamps[last + 1] ?? onset, evidenceIds });
  }
  if (recoveries.length === 0) return undefined;
  const at = Math.max(...recoveries.map((recovery) => recovery.at));
  const changed = changes.some(
    ({ row }) => row.type !== 'code' && row.occurredAt > onset && row.occurredAt <= at,
  );
  return changed
    ? undefined
    : { at, evidenceIds: [...new Set(recoveries.flatMap((each) => each.evidenceIds))] };
}
