import { expect, it } from '@jest/globals';
import { anIncident, logWithErrors } from '../../domain/agents/case.fixture.js';
import { Analyser } from './analyser.js';

it('an analyser counts evidence that was attached twice once', () => {
  const reportOn = (...ids: readonly string[]) => {
    const analyser = new Analyser();
    analyser.open({ incident: anIncident() });
    for (const evidenceId of ids) {
      const head = { evidenceId, type: 'log', source: 'loki', observedAt: 0 } as const;
      analyser.add(head, logWithErrors('checkout', 'boom').rows);
    }
    analyser.begin(analyser.estimateOnset());
    return analyser.run('log analysis').report;
  };
  expect(reportOn('evd_1').findings[0]?.statement).toContain('logged “boom” 57 times');
  expect(reportOn('evd_1', 'evd_2')).toEqual(reportOn('evd_1'));
});
