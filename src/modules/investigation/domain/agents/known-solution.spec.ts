import { describe, expect, it } from '@jest/globals';
import type { KnownSolution } from '../known-solution.js';
import { aContext, anIncident, at } from './case.fixture.js';
import { knownSolution } from './known-solution.js';

const incident = anIncident();
const known: KnownSolution = {
  patternId: 'ptn_1',
  title: 'Price rules time out',
  rootCause: 'The rules cache was cold',
  runbookUrl: 'https://wiki.example.com/rules',
  similarity: 0.91,
  evidenceId: 'evd_pattern',
  decision: 'undecided',
};

function run(changes: Parameters<typeof aContext>[1]) {
  const made = aContext([], changes);
  return knownSolution.run(made.evidence, made.context);
}

describe('The known solution', () => {
  it('cites the alert and the pattern', () => {
    expect(run({ knownSolution: known }).findings).toEqual([
      expect.objectContaining({
        kind: 'known_pattern',
        evidenceIds: ['evd_alert', 'evd_pattern'],
        statement: 'The alert is 91 % like the known pattern “Price rules time out”.',
      }),
    ]);
  });

  it('stays open until a person decides', () => {
    expect(run({ knownSolution: known }).hypotheses).toEqual([expect.objectContaining({ status: 'open' })]);
  });

  it('is the cause when a person accepts it, and ruled out when one dismisses it', () => {
    const decided = (decision: 'accepted' | 'dismissed') =>
      run({ knownSolution: { ...known, decision } }).hypotheses[0];
    expect(decided('accepted')).toMatchObject({ status: 'supported', statement: 'The rules cache was cold' });
    expect(decided('dismissed')).toMatchObject({
      status: 'ruled_out',
      because: 'A person dismissed the known solution.',
    });
  });

  it('recalls earlier incidents with the same alert', () => {
    const earlier = {
      ...incident,
      incidentId: 'inc_0',
      alertedAt: at('12:10'),
      rootCause: 'Cold cache',
      similarity: 1,
      evidenceId: 'evd_0',
    };
    const another = { ...earlier, incidentId: 'inc_1', similarity: null };
    const report = run({ earlierIncidents: [earlier, another] });
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'earlier_incident',
        evidenceIds: ['evd_0', 'evd_alert'],
        statement: 'An incident with the same alert was opened 2 hours before; its cause was: Cold cache',
      }),
    ]);
    expect(report.message).toBe(
      'No known pattern resembles the alert; 1 of 2 earlier incidents had a similar alert.',
    );
  });

  it('reports when nothing is known yet', () => {
    expect(run({}).message).toBe(
      'No known pattern resembles the alert; no earlier incident of the service is known.',
    );
  });
});
