import { describe, expect, it } from '@jest/globals';
import type { Span, TraceStatistic } from '../evidence/evidence.js';
import { missingCalls, missingCallSources, slowEdges, slownessByEntity } from './call-anomalies.js';
import { statisticsOfSpans } from './trace-statistics.js';

const cited = (row: TraceStatistic) => ({ evidenceIds: ['evd_1'], row });
const gap = (caller: string, entity: string, baselineMean: number, mean: number) =>
  cited({ statistic: 'edge_gap', caller, entity, count: 20, baselineCount: 20, baselineMean, mean });

describe('Slow edges', () => {
  it('are those whose gap grew', () => {
    const edges = slowEdges([gap('web', 'cart', 10, 210), gap('web', 'ads', 10, 9)]);
    expect(edges).toMatchObject([{ caller: 'web', callee: 'cart', before: 10, now: 210 }]);
    expect(edges[0]?.growth).toBeCloseTo(Math.log(21));
  });

  it('count in full for the callee and in part for the caller', () => {
    const slowness = slownessByEntity(slowEdges([gap('web', 'cart', 10, 210)]));
    expect(slowness.get('web')).toBeCloseTo(0.8 * (slowness.get('cart') ?? 0));
  });

  it('are not caused by a single outlier', () => {
    const outlier = gap('web', 'cart', 10, 210);
    expect(slowEdges([cited({ ...outlier.row, baselineMedian: 10, median: 10 })])).toEqual([]);
  });
});

describe('Missing calls', () => {
  const operation = (count: number, baselineCount: number) =>
    cited({ statistic: 'operation', entity: 'web', operation: 'GET /', count, baselineCount });
  const call = (count: number, baselineCount: number) =>
    cited({
      statistic: 'call',
      caller: 'web',
      callerOperation: 'GET /',
      entity: 'cart',
      operation: 'Get',
      count,
      baselineCount,
    });

  it('are relative to how often the calling operation ran', () => {
    const [missing] = missingCalls([operation(200, 100), call(20, 100)]);
    expect(missing).toMatchObject({ caller: 'web', callee: 'cart', expected: 200, count: 20 });
    expect(missingCallSources(missing ? [missing] : [], [])[0]?.worst.z).toBeCloseTo(
      180 / Math.sqrt(200 + 400 + 1),
    );
  });

  it('are absent when only traffic fell, or when there were no calls in the baseline', () => {
    expect(missingCalls([operation(50, 100), call(50, 100)])).toEqual([]);
    expect(missingCalls([operation(50, 100), call(0, 0)])).toEqual([]);
  });
});

describe('The source of missing calls', () => {
  const operation = (entity: string) =>
    cited({ statistic: 'operation', entity, operation: 'serve', count: 100, baselineCount: 100 });
  const call = (caller: string, entity: string, now: number, callerOperation = 'serve', name = 'get') =>
    cited({
      statistic: 'call',
      caller,
      callerOperation,
      entity,
      operation: name,
      count: now,
      baselineCount: 100,
    });
  const sourcesOf = (...rows: ReturnType<typeof cited>[]) => {
    return missingCallSources(missingCalls(rows), rows)
      .filter(({ worst }) => worst.z > 3)
      .map(({ entity }) => entity);
  };
  /** `caller` calls `stock` through a client span, and then `other`, which it reaches `reached` times of 100. */
  const withStockCall = (caller: string, other: string, reached: number) => [
    operation(caller),
    call(caller, caller, 90, 'serve', 'ask stock'),
    call(caller, 'stock', 90, 'ask stock'),
    call(caller, other, reached),
  ];

  it('is the caller if it alone breaks off', () => {
    expect(sourcesOf(...withStockCall('shop', 'till', 10), ...withStockCall('office', 'post', 100))).toEqual([
      'shop',
    ]);
  });

  it('is the service after which several callers break off', () => {
    expect(sourcesOf(...withStockCall('shop', 'till', 10), ...withStockCall('office', 'post', 20))).toEqual([
      'stock',
    ]);
  });

  it('is each caller if they have no callee in common', () => {
    const apart = [operation('kiln'), call('kiln', 'clay', 10), call('kiln', 'fire', 90)];
    expect(sourcesOf(...withStockCall('shop', 'till', 10), ...apart).sort()).toEqual(['kiln', 'shop']);
  });
});

describe('Span statistics', () => {
  const span = (
    traceId: string,
    spanId: string,
    entity: string,
    startedAt: number,
    durationMs: number,
    parentSpanId?: string,
  ) => ({
    evidenceId: 'evd_1',
    row: {
      traceId,
      spanId,
      entity,
      operation: 'op',
      startedAt,
      durationMs,
      ...(parentSpanId ? { parentSpanId } : {}),
    } satisfies Span,
  });

  it('equal those of sources that deliver statistics', () => {
    const spans = [
      span('t1', 'a', 'web', 0, 30),
      span('t1', 'b', 'cart', 1, 20, 'a'),
      span('t2', 'a', 'web', 100, 230),
      span('t2', 'b', 'cart', 101, 20, 'a'),
    ];
    const gaps = statisticsOfSpans(spans, 50).filter(({ row }) => row.statistic === 'edge_gap');
    expect(gaps.map(({ row }) => row)).toEqual([
      {
        statistic: 'edge_gap',
        caller: 'web',
        entity: 'cart',
        count: 1,
        mean: 210,
        baselineCount: 1,
        baselineMean: 10,
      },
    ]);
  });

  it('cite all evidence that they come from, in the baseline and now', () => {
    const piece = (evidenceId: string, startedAt: number) => [
      { ...span(evidenceId, 'a', 'web', startedAt, 30), evidenceId },
      { ...span(evidenceId, 'b', 'cart', startedAt, 20, 'a'), evidenceId: `${evidenceId}_below` },
    ];
    const statistics = statisticsOfSpans([...piece('evd_normal', 0), ...piece('evd_now', 100)], 50);
    const [gap] = statistics.filter(({ row }) => row.statistic === 'edge_gap');
    expect(gap?.evidenceIds).toEqual(['evd_normal', 'evd_normal_below', 'evd_now', 'evd_now_below']);
    const [alone] = statistics.filter(({ row }) => row.statistic === 'operation');
    expect(alone?.evidenceIds).toEqual(['evd_normal', 'evd_now']);
    const [silent] = missingCalls(
      statisticsOfSpans(
        [...piece('evd_normal', 0), { ...span('t', 'a', 'web', 100, 30), evidenceId: 'evd_now' }],
        50,
      ),
    );
    expect(silent).toMatchObject({
      count: 0,
      evidenceIds: expect.arrayContaining(['evd_normal', 'evd_now']),
    });
  });

  it('survive spans that are their own parents', () => {
    expect(() => statisticsOfSpans([span('t', 'a', 'web', 0, 1, 'a')], 0)).not.toThrow();
  });
});
