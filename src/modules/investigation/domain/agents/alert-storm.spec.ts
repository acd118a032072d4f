import { describe, expect, it } from '@jest/globals';
import type { AlertSignal } from '../evidence/evidence.js';
import { alertStorm } from './alert-storm.js';
import { aContext, piece } from './case.fixture.js';

function run(...rows: AlertSignal[]) {
  const { evidence, context } = aContext([piece('platform_event', 'evd_alerts', rows)]);
  return alertStorm.run(evidence, context);
}

const alert = (entity: string, signal: string, seenBefore: number): AlertSignal => ({
  entity, signal, about: 'metric', seenBefore, stormsBefore: 50,
}); // prettier-ignore

describe('The alert storm', () => {
  it('suspects the entity with the most unusual alerts, not the one with the most alerts', () => {
    const usual = ['latency up', 'errors up', 'requests down'].map((signal) => alert('gateway', signal, 48));
    const report = run(...usual, alert('store', 'disk up', 0));
    expect(report.suspects[0]?.entity).toBe('store');
    expect(report.hypotheses[0]).toMatchObject({ entity: 'store', supportedBy: ['evd_alerts'] });
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]?.statement).toBe(
      'store has 1 alert, most unusual “disk up” (in 0 of 50 storms before), and 60 % of what is unusual in resources that rose.',
    );
    expect(report.message).toBe('Weighed 4 alerts of 2 entities; the most unusual are those of store.');
  });

  it('leaves its hypothesis open while too few earlier storms are known', () => {
    const report = run({ ...alert('store', 'disk up', 0), stormsBefore: 2 });
    expect(report.hypotheses).toMatchObject([{ entity: 'store', status: 'open' }]);
  });

  it('reports nothing without alerts', () => {
    expect(run()).toMatchObject({ findings: [], hypotheses: [], suspects: [], missing: [] });
  });
});
