import { describe, expect, it } from '@jest/globals';
import type { MetricSeries } from '../evidence/metric-series.js';
import { metricShift } from '../metrics/metric-shift.js';
import { failurePropagation } from './failure-propagation.js';

const SINCE = 60_000;
const STEP = 1_000;

interface Load {
  /** Requests per second, before and after the onset. */
  readonly rate: readonly [number, number];
  /** Error ratio, before and after. */
  readonly failing: readonly [number, number];
  readonly from?: number;
}

/** Two minutes of a service, with the onset in the middle. */
function service(entity: string, { rate, failing, from = SINCE }: Load): MetricSeries[] {
  return [
    series(entity, 'requests_rate', rate, SINCE),
    series(entity, 'requests_error_ratio', failing, from),
  ];
}

function series(
  entity: string,
  metric: string,
  [normal, bad]: readonly [number, number],
  from: number,
): MetricSeries {
  const timestamps = Array.from({ length: 120 }, (_, i) => i * STEP);
  const values = timestamps.map((timestamp) => (timestamp < from ? normal : bad));
  const unit = metric.endsWith('_rate') ? undefined : 'ratio';
  return { entity, metric, unit, timestamps, values, evidenceIds: [`evd_${entity}`] };
}

function propagation(...all: readonly MetricSeries[][]) {
  const shifts = all.flat().map((each) => metricShift(each, SINCE));
  const { sources, indistinguishable } = failurePropagation(
    shifts.filter((shift) => shift?.shifted === true).filter((shift) => shift !== undefined),
    all.flat(),
    SINCE,
  );
  return {
    sources: Object.fromEntries(sources),
    indistinguishable: Object.fromEntries(indistinguishable),
  };
}

const STEADY = [100, 100] as const;

describe('Failure propagation without a call graph', () => {
  it('is inferred from the higher error ratio at the source', () => {
    const front = service('a-front', { rate: STEADY, failing: [0.002, 0.1] });
    const middle = service('m-middle', { rate: [50, 50], failing: [0.001, 0.2] });
    const end = service('z-end', { rate: [25, 25], failing: [0.001, 0.4] });
    expect(propagation(front, middle, end)).toEqual({
      sources: { 'a-front': 'z-end', 'm-middle': 'z-end' },
      indistinguishable: {},
    });
    expect(propagation(front, middle).sources).toEqual({ 'a-front': 'm-middle' });
    expect(propagation(front)).toEqual({ sources: {}, indistinguishable: {} });
  });

  it('is inferred from the number of failures when a caller makes several calls per request', () => {
    const caller = service('caller', { rate: [20, 20], failing: [0, 0.784] });
    const called = service('called', { rate: [60, 60], failing: [0, 0.4] });
    expect(propagation(caller, called).sources).toEqual({ caller: 'called' });
  });

  it('is undecided when both fail alike', () => {
    const [one, two] = ['one', 'two'].map((name) => service(name, { rate: STEADY, failing: [0, 0.4] }));
    expect(propagation(one ?? [], two ?? [])).toEqual({
      sources: {},
      indistinguishable: { one: 'two', two: 'one' },
    });
  });

  it('is inferred for equal error ratios from start time, retries and baseline failures', () => {
    const one = service('one', { rate: STEADY, failing: [0, 0.4] });
    expect(propagation(one, service('two', { rate: STEADY, failing: [0, 0.4], from: SINCE + 5 * STEP })).sources).toEqual({ two: 'one' }); // prettier-ignore
    expect(propagation(one, service('two', { rate: [100, 150], failing: [0, 0.4] })).sources).toEqual({
      one: 'two',
    });
    expect(propagation(one, service('two', { rate: STEADY, failing: [0.02, 0.42] })).sources).toEqual({
      two: 'one',
    });
  });

  it('is not inferred from a skew of one scrape, nor from too few failures', () => {
    const one = service('one', { rate: STEADY, failing: [0, 0.4] });
    expect(propagation(one, service('two', { rate: STEADY, failing: [0, 0.4], from: SINCE + STEP })).sources).toEqual({}); // prettier-ignore
    const few = service('few', { rate: [2, 2], failing: [0, 0.9] });
    expect(propagation(one, few).sources).not.toHaveProperty('one');
  });

  it('starts at an entity that is down, which no dependency can cause', () => {
    const requests = series('gone', 'requests_rate', STEADY, SINCE);
    const until = requests.timestamps.indexOf(SINCE);
    const gone = [
      {
        ...requests,
        timestamps: requests.timestamps.slice(0, until),
        values: requests.values.slice(0, until),
      },
      series('gone', 'availability', [1, 0], SINCE),
    ];
    expect(propagation(gone, service('a-front', { rate: STEADY, failing: [0, 1] })).sources).toEqual({
      'a-front': 'gone',
    });
  });

  it('starts at an entity whose requests stopped', () => {
    const silent = service('silent', { rate: [50, 0], failing: [0, 0] });
    const caller = service('caller', { rate: STEADY, failing: [0, 0.3] });
    expect(propagation(silent, caller).sources).toEqual({ caller: 'silent' });
    const small = service('small', { rate: [5, 0], failing: [0, 0] });
    expect(propagation(small, caller).sources).toEqual({});
  });

  it('treats one or two anomalous samples as negligible', () => {
    const [requests, failures] = service('calm', { rate: [5, 5], failing: [0, 0] });
    const values = failures?.values.map((value, i) => (i === 80 || i === 81 ? 0.05 : value)) ?? [];
    const all = [requests, failures && { ...failures, values }].filter((each) => each !== undefined);
    const shifts = all.map((each) => metricShift(each, SINCE)).filter((shift) => shift?.shifted === true);
    expect(shifts).toHaveLength(1);
    expect(failurePropagation(shifts.filter((shift) => shift !== undefined), all, SINCE).negligible).toEqual(new Set(['calm'])); // prettier-ignore
  });
});
