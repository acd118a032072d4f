import { at, instant, list, type Json, object, optionalText } from './json.js';
import type { RawCase } from './load-cases.js';

const ROWS = 5;
/** The share of a baseline, from its start, that serves as the normal time of each window. */
const NORMAL_SHARE = 0.7;

/**
 * Generates cases without a fault from the baselines of other cases: one for every five consecutive rows in the last 30 %
 * of a baseline, with the case's alert on the second row. A baseline with the same alert is used once.
 */
export class HealthyWindows {
  readonly #taken = new Set<string>();
  readonly labels: Record<string, Json> = {};

  of(raw: RawCase): RawCase[] {
    const clock = list(at(raw.baseline, 't'));
    const alert = object(at(raw.body, 'alert'));
    const key = JSON.stringify([optionalText(raw.body, 'baseline_file'), alert['entity'], alert['metric']]);
    const first = Math.floor(clock.length * NORMAL_SHARE);
    if (first < ROWS || this.#taken.has(key)) return [];
    this.#taken.add(key);
    const normal = cut(raw.baseline, 0, first);
    return Array.from({ length: clock.length - ROWS - first + 1 }, (_, i) => {
      const id = `${raw.id}+${i}`;
      this.labels[id] = { kind: 'healthy' };
      return { ...raw, id, body: this.window(raw, first + i), baseline: normal };
    });
  }

  private window({ body, baseline }: RawCase, row: number): Json {
    const rows = cut(baseline, row, row + ROWS);
    const clock = list(rows['t']);
    return {
      ...object(body),
      alert: { ...object(at(body, 'alert')), fired_at: (instant(clock[1]) ?? 0) / 1000 },
      window: { ...object(at(body, 'window')), incident: [clock[0], clock.at(-1)] },
      metrics: rows,
    };
  }
}

function cut(baseline: Json, from: number, to: number): Record<string, readonly Json[]> {
  return {
    t: list(at(baseline, 't')).slice(from, to),
    series: list(at(baseline, 'series')).map((series) => ({
      ...object(series),
      v: list(at(series, 'v')).slice(from, to),
    })),
  };
}
