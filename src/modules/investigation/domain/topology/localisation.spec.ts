import { describe, expect, it } from '@jest/globals';
import type { AgentReport } from '../agents/agent.js';
import { localise } from './localisation.js';

function report(agentName: string, suspects: Readonly<Record<string, number>>): AgentReport {
  return {
    agentName,
    findings: [],
    hypotheses: [],
    missing: [],
    message: '',
    suspects: Object.entries(suspects).map(([entity, score]) => ({ entity, score })),
  };
}

describe('Localisation', () => {
  it('sums the scores of all agents and counts those that agree', () => {
    expect(
      localise([
        report('log analysis', { web: 2, cart: 1 }),
        report('trace analysis', { web: 3 }),
        report('x', { cart: 2 }),
      ]),
    ).toEqual({ entity: 'web', strength: 5, ways: 2, alertsOnly: false, byDamage: false, ownSign: 3 });
  });

  it('ignores the synthesis, which only repeats', () => {
    expect(localise([report('synthesis', { web: 9 })])).toBeNull();
  });

  it('tells a sign of the entity itself from attributed excess and from slowness', () => {
    const damaged = localise([
      report('dependency analysis', { web: 9 }),
      report('metrics analysis', { web: 0.5 }),
    ]);
    expect(damaged).toMatchObject({ byDamage: true, ownSign: 0 });
    expect(localise([report('metrics analysis', { web: 4 })])).toMatchObject({ ownSign: 4 });
  });

  it('reports when alerts were the only signal', () => {
    expect(localise([report('alert storm', { web: 1 })])?.alertsOnly).toBe(true);
  });
});
