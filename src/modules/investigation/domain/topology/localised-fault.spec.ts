import { describe, expect, it } from '@jest/globals';
import type { AgentReport } from '../agents/agent.js';
import { logWithErrors } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import { hypothesis } from '../hypothesis.js';
import { localisedFault } from './localised-fault.js';

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

describe('A localised fault', () => {
  const evidence = new EvidenceSet([logWithErrors('cart', 'boom')]);

  it('is a hypothesis when no other is supported, and cites the evidence of the entity', () => {
    expect(localisedFault([], [suspecting('cart', 2)], evidence)).toMatchObject([
      { entity: 'cart', status: 'supported', supportedBy: ['evd_log_cart'] },
    ]);
  });

  it('is not proposed for an entity that hardly stands out, or without evidence of it', () => {
    expect(localisedFault([], [suspecting('cart', 0.01)], evidence)).toEqual([]);
    expect(localisedFault([], [suspecting('elsewhere', 2)], evidence)).toEqual([]);
  });

  it('is not proposed beside a supported hypothesis about the entity', () => {
    const known = hypothesis({
      statement: 'It ran out of memory', score: 0.5, status: 'supported', supportedBy: ['evd_1'], contradictedBy: [],
      category: 'resource', witnesses: ['metric_shift'], entity: 'cart',
    }); // prettier-ignore
    expect(localisedFault([known], [suspecting('cart', 2)], evidence)).toEqual([]);
  });
});
