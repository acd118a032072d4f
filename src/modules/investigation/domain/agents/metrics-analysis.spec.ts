import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { aContext, anIncident, at, metric, MINUTE, piece, statements, topology } from './case.fixture.js';
import { metricsAnalysis } from './metrics-analysis.js';

function run(...[evidence, changes]: Parameters<typeof aContext>) {
  const made = aContext(evidence, changes);
  return metricsAnalysis.run(made.evidence, made.context);
}

describe('The metrics analysis', () => {
  it('reports when there are no metrics', () => {
    expect(run([])).toMatchObject({
      message: 'No metrics were attached or pulled, so none were read.',
      missing: [expect.stringMatching(/^metrics of checkout .* before 14:10 UTC \(connect prometheus/)],
      findings: [],
    });
  });

  it('reports how far a series shifted, and when', () => {
    const report = run([metric('checkout', 'latency_ms', 100, 900)]);
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'metric_shift',
        entity: 'checkout',
        at: at('14:02'),
        evidenceIds: ['evd_checkout_latency_ms'],
        statement: 'latency_ms of checkout rose from 101 to 918 from 14:02 UTC on.',
      }),
    ]);
    expect(report.message).toBe(
      'Compared 1 metric series; 1 series of 1 entity left normal, most of all checkout: latency_ms rose from 101 to 918.',
    );
  });

  it('does not take the symptom of the failing service for its cause', () => {
    expect(statements(run([metric('checkout', 'latency_ms', 100, 900)]))).toEqual([
      'open: The trouble is inside checkout: latency_ms rose from 101 to 918 at 14:02 UTC',
    ]);
  });

  it('supports an exhausted resource as the cause', () => {
    const report = run([
      metric('checkout', 'latency_ms', 100, 900),
      metric('checkout', 'memory_percent', 40, 97),
    ]);
    expect(report.hypotheses[0]).toMatchObject({
      category: 'resource',
      status: 'supported',
      entity: 'checkout',
    });
    expect(report.hypotheses[0]?.statement).toContain('memory_percent rose from 40.4 to 98.9');
  });

  it('prefers a callee as the cause when it is abnormal too', () => {
    const report = run([
      metric('checkout', 'latency_ms', 100, 900),
      metric('orders-db', 'latency_ms', 5, 400),
      topology(['checkout', 'orders-db']),
    ]);
    expect(report.hypotheses[0]).toMatchObject({
      category: 'dependency',
      status: 'supported',
      entity: 'orders-db',
    });
    expect(report.hypotheses[1]).toMatchObject({
      entity: 'checkout',
      status: 'open',
      because: 'Something it calls left normal too.',
    });
  });

  it('supports demand as the cause when traffic rose no later than the damage', () => {
    const report = run([
      metric('checkout', 'latency_ms', 100, 900),
      metric('checkout', 'requests_per_second', 50, 400),
    ]);
    expect(report.hypotheses[0]).toMatchObject({
      category: 'demand',
      witnesses: ['demand_rise', 'metric_shift'],
    });
  });

  it('does not take retries of failed requests for demand', () => {
    const report = run([
      metric('checkout', 'request_rate', 100, 100),
      metric('checkout', 'error_ratio', 0.01, 0.2),
      metric('payments', 'request_rate', 100, 200),
      metric('payments', 'error_ratio', 0.01, 0.6),
    ]);
    expect(report.hypotheses[0]).toMatchObject({
      entity: 'payments',
      category: 'dependency',
      status: 'supported',
    });
  });

  it('takes requests that rose along the whole call path for demand', () => {
    const report = run([
      metric('checkout', 'request_rate', 100, 300),
      metric('checkout', 'error_ratio', 0.01, 0.2),
      metric('payments', 'request_rate', 60, 180),
      metric('payments', 'error_ratio', 0.01, 0.6),
    ]);
    expect(report.hypotheses[0]).toMatchObject({ entity: 'payments', category: 'demand' });
  });

  it('supports neither of two entities that fail alike without a call graph, and asks for it', () => {
    const both = ['checkout', 'payments'].flatMap((entity) => [
      metric(entity, 'request_rate', 100, 100),
      metric(entity, 'error_ratio', 0.01, 0.4),
    ]);
    const report = run(both);
    expect(report.hypotheses.map(({ status }) => status)).toEqual(['open', 'open']);
    expect(report.hypotheses[0]?.because).toMatch(/^\w+ fails in the same way, and it is not known which/);
    expect(report.missing).toEqual([expect.stringMatching(/^the call graph around checkout/)]);
    const known = run([...both, topology(['checkout', 'payments'])]);
    expect(known.hypotheses[0]).toMatchObject({ entity: 'payments', status: 'supported' });
  });

  it('supports the only failing entity among several as the cause', () => {
    const calm = ['search', 'payments'].map((entity) => metric(entity, 'error_ratio', 0.01, 0.01));
    const bad = metric('checkout', 'error_ratio', 0.01, 0.4);
    expect(statements(run([bad, ...calm]))[0]).toMatch(/^supported: The trouble is inside checkout/);
    expect(statements(run([bad, ...calm.slice(1)]))[0]).toMatch(/^open: /);
  });

  it('reports a service as healthy when its metrics stayed normal', () => {
    const report = run([
      metric('checkout', 'latency_ms', 100, 100),
      metric('search', 'latency_ms', 100, 100),
    ]);
    expect(report.findings).toEqual([
      expect.objectContaining({ kind: 'metrics_quiet', evidenceIds: ['evd_checkout_latency_ms'] }),
    ]);
  });

  it('does not report a service as healthy because of a flat CPU or another service', () => {
    expect(run([metric('checkout', 'cpu_percent', 20, 20)]).findings).toEqual([]);
    expect(run([metric('search', 'latency_ms', 20, 20)]).findings).toEqual([]);
  });

  it.each(['latency_ms', 'error_ratio'])('scales to very many entities whose %s shifted at once', (name) => {
    const [normal, bad] = name === 'latency_ms' ? [100, 900] : [0.01, 0.5];
    const rows = Array.from({ length: 15_000 }, (_, i) =>
      Array.from({ length: 6 }, (__, minute) => ({
        timestamp: at('14:06') + minute * MINUTE,
        entity: `job-of-customer-${i}x`,
        metric: name,
        value: minute < 4 ? normal : bad * (1 + i / 15_000),
      })),
    ).flat();
    const report = inTime(() => run([piece('metric', 'evd_all', rows)]));
    expect(report.message).toContain('15,000 series of 15,000 entities left normal');
  });

  it('reports when samples are only on one side of the onset', () => {
    const incident = anIncident({ alertedAt: at('13:00') });
    const report = run([metric('checkout', 'latency_ms', 100, 900)], { incident });
    expect(report.message).toContain('none has samples both');
    expect(report.missing[0]).toMatch(
      /^metric samples of checkout from both before and after 13:00 UTC; those/,
    );
  });
});
