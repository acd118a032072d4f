import { at, instant, list, type Json } from './json.js';

/** Times of a case in epoch milliseconds. Offsets in a case count from `startedAt`; `stepMs` is the sampling interval. */
export interface CaseTimes {
  readonly startedAt: number;
  readonly alertedAt: number;
  readonly stepMs: number;
}

const DEFAULT_STEP_SECONDS = 60;
/** For cases without any time. */
const DEFAULT_TIME = Date.UTC(2026, 0, 1);

export function timesOf(body: Json): CaseTimes {
  const fired = instant(at(body, 'alert', 'fired_at'));
  const started =
    instant(at(body, 'window', 'anomaly_at')) ?? instant(list(at(body, 'window', 'incident'))[0]);
  const step = at(body, 'window', 'step_s');
  const alertedAt = fired ?? started ?? latestIn(at(body, 'evidence')) ?? DEFAULT_TIME;
  return {
    startedAt: started ?? alertedAt,
    alertedAt,
    stepMs: (typeof step === 'number' && step > 0 ? step : DEFAULT_STEP_SECONDS) * 1000,
  };
}

/** The latest time anywhere in a case; the alert time of cases without one, since all of it was known by then. */
function latestIn(json: Json): number | undefined {
  let latest: number | undefined;
  const visit = (value: Json): void => {
    if (typeof value === 'string') {
      const time = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
      if (!Number.isNaN(time) && time > (latest ?? 0)) latest = time;
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  visit(json);
  return latest;
}
