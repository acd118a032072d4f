import { describe, expect, it } from '@jest/globals';
import { aContext, anIncident, metric, statements, topology } from './case.fixture.js';
import { dependencyAnalysis } from './dependency-analysis.js';

const incident = anIncident({ title: 'Checkout is slow', description: 'Latency above 1 s' });

function run(evidence: Parameters<typeof aContext>[0], changes: Parameters<typeof aContext>[1] = {}) {
  const made = aContext(evidence, { incident, ...changes });
  return dependencyAnalysis.run(made.evidence, made.context);
}

const measured = (entity: string, normal: number, bad: number) => [
  metric(entity, 'requests', 100, 100),
  metric(entity, 'latency_avg', normal, bad),
];
const edges = topology(['checkout', 'orders'], ['orders', 'orders-db']);

describe('The dependency analysis', () => {
  it('reports what it lacks', () => {
    expect(run([])).toMatchObject({
      message: 'Who calls whom is not known, so no damage was traced along the calls.',
      missing: [expect.stringMatching(/^the call graph around checkout \(attach/)],
    });
    expect(run([edges]).message).toBe(
      'No entity has both a request count and a measure of latency, so no damage was traced.',
    );
    expect(run([edges], { incident: anIncident({ service: null }) }).message).toContain('names no service');
  });

  it('finds the cause of the damage behind entities that pass it on', () => {
    const report = run([
      edges,
      ...measured('checkout', 0.1, 1.1),
      ...measured('orders', 0.05, 1),
      ...measured('orders-db', 0.01, 0.9),
    ]);
    expect(statements(report)).toEqual([
      'supported: A dependency is failing: orders-db, which causes 89 % of the latency beyond normal itself',
    ]);
    expect(report.findings[0]).toMatchObject({
      kind: 'excess',
      entity: 'orders-db',
      evidenceIds: ['evd_orders-db_latency_avg', 'evd_orders-db_requests', 'evd_topology'],
    });
    expect(report.suspects[0]?.entity).toBe('orders-db');
    expect(report.message).toBe(
      'Traced latency of 3 entities along 2 call paths; orders-db causes 89 % of it.',
    );
  });

  it('reports when the failing service itself is the cause', () => {
    const report = run([edges, ...measured('checkout', 0.1, 1.1), ...measured('orders', 0.05, 0.05)]);
    expect(report.hypotheses[0]).toMatchObject({
      category: 'errors',
      entity: 'checkout',
      status: 'supported',
    });
  });

  it('finds nothing when nothing is beyond normal', () => {
    const calm = metric('checkout', 'latency_avg', 1, 1).rows.map((row) => ({ ...row, value: 1 }));
    const flat = { ...metric('checkout', 'latency_avg', 1, 1), rows: calm } as ReturnType<typeof metric>;
    expect(run([edges, metric('checkout', 'requests', 100, 100), flat]).message).toBe(
      'Traced latency of 1 entity; checkout shows none beyond normal.',
    );
  });
});
