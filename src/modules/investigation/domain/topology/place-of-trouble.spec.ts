import { describe, expect, it } from '@jest/globals';
import type { AgentReport } from '../agents/agent.js';
import { logWithErrors } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import { hypothesis } from '../hypothesis.js';
import { placeOfTrouble } from './place-of-trouble.js';

function suspecting(entity: string, score: number): AgentReport {
  return {
    agentName: 'log analysis',
    findings: [],
    hypotheses: [],
    missing: [],
    message: '',
    suspects: [{ entity, score }],
  };
}

describe('The place of the trouble', () => {
  const evidence = new EvidenceSet([logWithErrors('cart', 'boom')]);

  it('is a hypothesis of its own where nobody says why, and rests on what was read of it', () => {
    expect(placeOfTrouble([], [suspecting('cart', 2)], evidence)).toMatchObject([
      { entity: 'cart', status: 'supported', supportedBy: ['evd_log_cart'] },
    ]);
  });

  it('is not one where it hardly stands out, or where nothing shows it', () => {
    expect(placeOfTrouble([], [suspecting('cart', 0.01)], evidence)).toEqual([]);
    expect(placeOfTrouble([], [suspecting('elsewhere', 2)], evidence)).toEqual([]);
  });

  it('adds nothing to a supported hypothesis about it', () => {
    const known = hypothesis({
      statement: 'It ran out of memory', score: 0.5, status: 'supported', supportedBy: ['evd_1'], contradictedBy: [],
      category: 'resource', witnesses: ['metric_shift'], entity: 'cart',
    }); // prettier-ignore
    expect(placeOfTrouble([known], [suspecting('cart', 2)], evidence)).toEqual([]);
  });
});
