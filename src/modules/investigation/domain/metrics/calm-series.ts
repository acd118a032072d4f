import type { EpochMs } from '../evidence/evidence.js';
import { FELT } from './metric-profile.js';
import type { MetricShift } from './metric-shift.js';
import { sameService } from '../evidence/service-name.js';

/**
 * The failing service's own series, if they were measured at the time of the alert and none of those that its users
 * would feel left normal; else none. A flat CPU alone says nothing about an alert on failing requests.
 */
export function calmSeries(
  compared: readonly MetricShift[],
  { service, alertedAt }: { readonly service: string | null; readonly alertedAt: EpochMs },
): readonly MetricShift[] {
  const own = compared.filter(
    ({ series }) =>
      (service === null || sameService(series.entity, service)) &&
      (series.timestamps.at(-1) ?? 0) >= alertedAt,
  );
  const felt = own.filter(({ role }) => FELT.has(role));
  return felt.length > 0 && felt.every(({ shifted }) => !shifted)
    ? own.filter(({ shifted }) => !shifted)
    : [];
}
