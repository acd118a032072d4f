import { describe, expect, it } from '@jest/globals';
import type { MetricPoint, TextNote } from '../evidence/evidence.js';
import { aContext, at, MINUTE, piece } from './case.fixture.js';
import { databaseHealth } from './database-health.js';

function run(...rows: (MetricPoint | TextNote)[]) {
  const { evidence, context } = aContext([piece('database', 'evd_database', rows)]);
  return databaseHealth.run(evidence, context);
}

const cpu = (...values: number[]): MetricPoint[] =>
  values.map((value, i) => ({
    timestamp: at('14:00') + i * MINUTE,
    entity: 'orders-db',
    metric: 'CPUUtilization',
    value,
  }));

describe('The database health', () => {
  it('names the limit that was reached and the wait event', () => {
    const report = run(...cpu(20, 30, 90, 92, 95, 96), { text: 'waits on CPU: load 6', entity: 'orders-db' });
    expect(report.hypotheses).toMatchObject([
      { entity: 'orders-db', failureMode: 'cpu_saturation', supportedBy: ['evd_database'] },
    ]);
    expect(report.hypotheses[0]?.statement).toContain('mostly waits on CPU: load 6');
  });

  it('reports a busy database as healthy as long as no limit is near', () => {
    const report = run(...cpu(40, 60, 55, 62, 58, 61));
    expect(report.findings.map(({ kind }) => kind)).toEqual(['platform_quiet']);
    expect(report.suspects).toEqual([]);
  });

  it('does not report a database as healthy if no limit of its metrics is known', () => {
    const hits = cpu(0.99, 0.4, 0.1).map((row) => ({ ...row, metric: 'cache_hit_ratio' }));
    expect(run(...hits).findings).toEqual([]);
    expect(run(...hits, ...cpu(20, 21)).findings).toMatchObject([
      { statement: 'None of 1 measure of the database is near a limit.' },
    ]);
  });

  it('reports nothing without evidence', () => {
    expect(run().findings).toEqual([]);
  });
});
