import { describe, expect, it } from '@jest/globals';
import type { RawCase } from './load-cases.js';
import { Perturbations } from './perturb.js';
import { predict } from './predict.js';
import { readCase, type ReadCase } from './read-case.js';

const CLOCK = Array.from({ length: 20 }, (_, i) => 1_700_000_000 + 60 * i);

function series(entity: string, metric: string, unit: string, normal: number, now: number) {
  return { entity, metric, unit, v: CLOCK.map((_, i) => (i < 15 ? normal + (i % 3) : now)) };
}

const RAW: RawCase = {
  id: 'made-up',
  dataset: 'made up',
  system: 'one',
  body: {
    alert: { entity: 'counter', metric: 'latency', direction: 'up', fired_at: CLOCK[16] },
    topology: {
      edges: [
        ['counter', 'kitchen'],
        ['kitchen', 'oven'],
        ['counter', 'till'],
      ],
    },
    metrics: {
      t: CLOCK,
      series: ['counter', 'kitchen', 'oven', 'till'].flatMap((entity, i) => [
        series(entity, 'requests', '1', 100, 100),
        series(entity, 'latency', 'ms', 50 - i, entity === 'till' ? 50 - i : 400 - i),
        series(entity, 'availability', '%', 99, 99),
      ]),
    },
  },
  baseline: { t: [1_600_000_000], series: [] },
  baselineLogs: undefined,
  siblings: [],
};

function changed(text: string, seed = 1): ReadCase {
  return Perturbations.parse(text, seed).ofRead(readCase(RAW));
}

const samples = ({ evidence }: ReadCase) =>
  evidence.series.reduce((sum, { values }) => sum + values.length, 0);
const metric = ({ evidence }: ReadCase, name: string) =>
  evidence.series.filter((each) => each.metric === name).flatMap(({ values }) => values);

describe('A perturbed case', () => {
  it('is the same for the same seed, and different for another', () => {
    const text = 'drop-samples=0.3,noise=0.1';
    expect(changed(text).evidence.items).toEqual(changed(text).evidence.items);
    expect(changed(text).evidence.items).not.toEqual(changed(text, 2).evidence.items);
  });

  it('is unchanged without perturbations', () => {
    expect(changed('').evidence.items).toEqual(readCase(RAW).evidence.items);
  });

  it('gives the same prediction, under the old names, when entities are renamed and times are shifted', () => {
    const renamed = changed('rename,shift');
    expect(renamed.incident.service).toMatch(/^entity\d+$/);
    expect(JSON.stringify(renamed.evidence.items.map(({ rows }) => rows))).not.toMatch(/kitchen|oven/);
    const rankings = ['', 'rename,shift'].map((text) =>
      predict(RAW, () => 0, Perturbations.parse(text, 1)).prediction.ranked.map(({ entity }) => entity),
    );
    expect(rankings[1]).toEqual(rankings[0]);
    expect(rankings[0]?.[0]).toBe('oven');
  });

  it('loses statistics of calls', () => {
    const call = { caller: 'counter', parent_op: 'serve', callee: 'kitchen', n: 5, base_n: 5 };
    const rows = [Object.values(call), Object.values(call)];
    const traces = { call_counts: { cols: Object.keys(call), rows } };
    const read = readCase({ ...RAW, body: { ...(RAW.body as object), traces } });
    expect(read.evidence.traceStatistics).toHaveLength(2);
    expect(Perturbations.parse('drop-calls', 1).ofRead(read).evidence.traceStatistics).toEqual([]);
  });

  it('loses edges, series and samples', () => {
    expect(changed('drop-edges').evidence.edges).toEqual([]);
    expect(changed('drop-series').evidence.series).toEqual([]);
    expect(samples(changed('halve-samples'))).toBe(samples(readCase(RAW)) / 2);
    const some = samples(changed('drop-samples=0.5')) / samples(readCase(RAW));
    expect(some).toBeGreaterThan(0.3);
    expect(some).toBeLessThan(0.7);
  });

  it('has noise and seasonality in every metric but availability, and more traffic in its traffic metrics', () => {
    for (const text of ['noise=0.1', 'season=0.3']) {
      expect(metric(changed(text), 'availability')).toEqual(metric(readCase(RAW), 'availability'));
      expect(metric(changed(text), 'latency')).not.toEqual(metric(readCase(RAW), 'latency'));
    }
    const more = metric(changed('traffic=3'), 'requests');
    expect(more).toEqual(metric(readCase(RAW), 'requests').map((value) => value * 3));
    expect(metric(changed('traffic=3'), 'latency')).toEqual(metric(readCase(RAW), 'latency'));
  });

  it('has no baseline file', () => {
    expect(Perturbations.parse('no-baseline', 1).ofRaw(RAW).baseline).toBeUndefined();
    expect(Perturbations.parse('noise=0.1', 1).ofRaw(RAW)).toBe(RAW);
  });

  it.each(['melt', 'toString', 'noise=much', 'noise=0', 'drop-edges=-1'])('refuses %p', (text) => {
    expect(() => Perturbations.parse(text, 1)).toThrow(/no change|amount/);
  });
});
