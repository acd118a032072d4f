import { describe, expect, it } from '@jest/globals';
import type { MetricSeries } from '../evidence/evidence-set.js';
import { metricShift } from '../metrics/metric-shift.js';
import { passedOn } from './passing-on.js';

const SINCE = 60_000;
const STEP = 1_000;

interface Seen {
  /** Requests per second before and after. */
  readonly rate: readonly [number, number];
  /** Share of them that fails. */
  readonly failing: readonly [number, number];
  readonly from?: number;
}

/** Two minutes of a service whose trouble begins in the middle. */
function service(entity: string, { rate, failing, from = SINCE }: Seen): MetricSeries[] {
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

function told(...all: readonly MetricSeries[][]) {
  const shifts = all.flat().map((each) => metricShift(each, SINCE));
  const { from, like } = passedOn(
    shifts.filter((shift) => shift?.shifted === true).filter((shift) => shift !== undefined),
    all.flat(),
    SINCE,
  );
  return { from: Object.fromEntries(from), like: Object.fromEntries(like) };
}

const STEADY = [100, 100] as const;

describe('who passes on whose failures, by the counts alone', () => {
  it('is told by the larger share at the bottom, wherever that is', () => {
    const front = service('a-front', { rate: STEADY, failing: [0.002, 0.1] });
    const middle = service('m-middle', { rate: [50, 50], failing: [0.001, 0.2] });
    const end = service('z-end', { rate: [25, 25], failing: [0.001, 0.4] });
    expect(told(front, middle, end)).toEqual({
      from: { 'a-front': 'z-end', 'm-middle': 'z-end' },
      like: {},
    });
    expect(told(front, middle).from).toEqual({ 'a-front': 'm-middle' });
    expect(told(front)).toEqual({ from: {}, like: {} });
  });

  it('is told by who has more failures, when a caller asks several times for one answer', () => {
    const caller = service('caller', { rate: [20, 20], failing: [0, 0.784] });
    const called = service('called', { rate: [60, 60], failing: [0, 0.4] });
    expect(told(caller, called).from).toEqual({ caller: 'called' });
  });

  it('stays open where both fail alike', () => {
    const [one, two] = ['one', 'two'].map((name) => service(name, { rate: STEADY, failing: [0, 0.4] }));
    expect(told(one ?? [], two ?? [])).toEqual({ from: {}, like: { one: 'two', two: 'one' } });
  });

  it('is told of equal shares by who began, who is asked again and again, and who failed less before', () => {
    const one = service('one', { rate: STEADY, failing: [0, 0.4] });
    expect(told(one, service('two', { rate: STEADY, failing: [0, 0.4], from: SINCE + 5 * STEP })).from).toEqual({ two: 'one' }); // prettier-ignore
    expect(told(one, service('two', { rate: [100, 150], failing: [0, 0.4] })).from).toEqual({ one: 'two' });
    expect(told(one, service('two', { rate: STEADY, failing: [0.02, 0.42] })).from).toEqual({ two: 'one' });
  });

  it('does not take one scrape for earlier, nor the failures of few for those of many', () => {
    const one = service('one', { rate: STEADY, failing: [0, 0.4] });
    expect(told(one, service('two', { rate: STEADY, failing: [0, 0.4], from: SINCE + STEP })).from).toEqual({}); // prettier-ignore
    const few = service('few', { rate: [2, 2], failing: [0, 0.9] });
    expect(told(one, few).from).not.toHaveProperty('one');
  });

  it('blames whoever is gone, for nobody else can have made it so', () => {
    const answers = series('gone', 'requests_rate', STEADY, SINCE);
    const until = answers.timestamps.indexOf(SINCE);
    const gone = [
      { ...answers, timestamps: answers.timestamps.slice(0, until), values: answers.values.slice(0, until) },
      series('gone', 'availability', [1, 0], SINCE),
    ];
    expect(told(gone, service('a-front', { rate: STEADY, failing: [0, 1] })).from).toEqual({
      'a-front': 'gone',
    });
  });

  it('names nobody who fails when somebody else has fallen silent, of whom no more is seen', () => {
    const silent = service('silent', { rate: [50, 0], failing: [0, 0] });
    const caller = service('caller', { rate: STEADY, failing: [0, 0.3] });
    expect(told(silent, caller).from).toEqual({ caller: 'silent' });
    const small = service('small', { rate: [5, 0], failing: [0, 0] });
    expect(told(small, caller).from).toEqual({});
  });

  it('does not take a bad sample or two for failing', () => {
    const [requests, failures] = service('calm', { rate: [5, 5], failing: [0, 0] });
    const values = failures?.values.map((value, i) => (i === 80 || i === 81 ? 0.05 : value)) ?? [];
    const all = [requests, failures && { ...failures, values }].filter((each) => each !== undefined);
    const shifts = all.map((each) => metricShift(each, SINCE)).filter((shift) => shift?.shifted === true);
    expect(shifts).toHaveLength(1);
    expect(passedOn(shifts.filter((shift) => shift !== undefined), all, SINCE).hardly).toEqual(new Set(['calm'])); // prettier-ignore
  });
});
