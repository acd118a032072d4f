import type { EpochMs } from '../evidence/evidence.js';
import { USER_FACING_ROLES } from './metric-profile.js';
import type { MetricShift } from './metric-shift.js';
import { sameService } from '../evidence/service-name.js';

/**
 * The alerting service's own series that stayed normal, if they show that it is healthy: measured at the time of the
 * alert, with at least one user-facing series, and none of those anomalous. Otherwise none: a flat CPU alone proves
 * nothing about an alert on failing requests.
 */
export function healthySeries(
  compared: readonly MetricShift[],
  { service, alertedAt }: { readonly service: string | null; readonly alertedAt: EpochMs },
): readonly MetricShift[] {
  const own = compared.filter(
    ({ series }) =>
      (service === null || sameService(series.entity, service)) &&
      (series.timestamps.at(-1) ?? 0) >= alertedAt,
  );
  const userFacing = own.filter(({ role }) => USER_FACING_ROLES.has(role));
  return userFacing.length > 0 && userFacing.every(({ shifted }) => !shifted)
    ? own.filter(({ shifted }) => !shifted)
    : [];
}
