import { expect, it } from '@jest/globals';
import { anIncident, logWithErrors } from '../domain/agents/case.fixture.js';
import { Desk } from './desk.js';

it('a desk takes what was attached twice for one', () => {
  const told = (...ids: readonly string[]) => {
    const desk = new Desk();
    desk.open({ incident: anIncident() });
    for (const evidenceId of ids) {
      const head = { evidenceId, type: 'log', source: 'loki', observedAt: 0 } as const;
      desk.add(head, logWithErrors('checkout', 'boom').rows);
    }
    desk.begin(desk.estimateOnset());
    return desk.run('log analysis').report;
  };
  expect(told('evd_1').findings[0]?.statement).toContain('logged “boom” 57 times');
  expect(told('evd_1', 'evd_2')).toEqual(told('evd_1'));
});
