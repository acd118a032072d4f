import { describe, expect, it } from '@jest/globals';
import { HealthyWindows } from './healthy-windows.js';
import type { RawCase } from './load-cases.js';
import { readCase } from './read-case.js';

const CLOCK = Array.from({ length: 20 }, (_, i) => 1_700_000_000 + 300 * i);

function raw(metric: string): RawCase {
  return {
    id: `about-${metric}`,
    dataset: 'made up',
    system: 'one',
    body: { baseline_file: 'b.json', window: { step_s: 300 }, alert: { entity: 'counter', metric } },
    baseline: { t: CLOCK, series: [{ entity: 'counter', metric: 'latency', v: CLOCK.map((_, i) => i) }] },
    baselineLogs: undefined,
    siblings: [],
  };
}

describe('Healthy windows', () => {
  it('are all sequences of five rows in the last 30 % of a baseline, each with the same normal time', () => {
    const windows = new HealthyWindows();
    const made = windows.of(raw('latency'));
    expect(made.map(({ id }) => id)).toEqual(['about-latency+0', 'about-latency+1']);
    expect(Object.keys(windows.labels)).toEqual(made.map(({ id }) => id));
    const values = made.map((each) => readCase(each).evidence.series[0]?.values.slice(-6));
    expect(values).toEqual([
      [13, 14, 15, 16, 17, 18],
      [13, 15, 16, 17, 18, 19],
    ]);
  });

  it('are generated once for equal baselines and alerts, and not without a normal time', () => {
    const windows = new HealthyWindows();
    expect(windows.of(raw('latency'))).toHaveLength(2);
    expect(windows.of(raw('latency'))).toEqual([]);
    expect(windows.of(raw('availability'))).toHaveLength(2);
    expect(windows.of({ ...raw('requests'), baseline: undefined })).toEqual([]);
  });
});
