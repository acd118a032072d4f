import { describe, expect, it } from '@jest/globals';
import type { TraceStatistic } from '../evidence/evidence.js';
import { aContext, piece } from './case.fixture.js';
import { traceAnalysis } from './trace-analysis.js';

function run(...rows: TraceStatistic[]) {
  const { evidence, context } = aContext([piece('trace', 'evd_traces', rows)]);
  return traceAnalysis.run(evidence, context);
}

const gap = (caller: string, entity: string, mean: number): TraceStatistic => ({
  statistic: 'edge_gap', caller, entity, count: 50, mean, baselineCount: 50, baselineMean: 5,
}); // prettier-ignore

describe('The trace analysis', () => {
  it('suspects a callee that answers late over the network, and cites the traces', () => {
    const report = run(gap('checkout', 'cart', 300), gap('checkout', 'ads', 5), gap('cart', 'store', 6));
    expect(report.suspects[0]?.entity).toBe('cart');
    expect(report.findings[0]).toMatchObject({
      kind: 'slow_call',
      entity: 'cart',
      evidenceIds: ['evd_traces'],
    });
    expect(report.hypotheses[0]).toMatchObject({ status: 'supported', entity: 'cart' });
    expect(report.message).toBe(
      'Compared the calls of 4 entities; calls to cart take 295 ms longer on the way.',
    );
  });

  it('suspects a caller that makes fewer calls', () => {
    const report = run(
      { statistic: 'operation', entity: 'checkout', operation: 'pay', count: 200, baselineCount: 200 },
      {
        statistic: 'call', caller: 'checkout', callerOperation: 'pay', entity: 'bank', operation: 'charge',
        count: 3, baselineCount: 200,
      },
    ); // prettier-ignore
    expect(report.findings.map(({ kind, entity }) => [kind, entity])).toEqual([['missing_call', 'checkout']]);
    expect(report.suspects[0]?.entity).toBe('checkout');
  });

  it('finds nothing in unchanged calls, and asks for traces when there are none', () => {
    expect(run(gap('checkout', 'cart', 5)).hypotheses).toEqual([]);
    expect(run().missing).toHaveLength(1);
  });
});
