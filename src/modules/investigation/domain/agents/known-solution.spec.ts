import { describe, expect, it } from '@jest/globals';
import type { KnownPattern } from '../known-pattern.js';
import { aContext, anIncident, at } from './case.fixture.js';
import { knownSolution, knownSolutionFor } from './known-solution.js';

const incident = anIncident();
const pattern: KnownPattern = {
  patternId: 'ptn_1',
  title: 'Price rules time out',
  alerts: [{ title: incident.title, description: incident.description, service: 'checkout' }],
  rootCause: 'The rules cache was cold',
  fix: null,
  runbookUrl: 'https://wiki.example.com/rules',
  evidenceId: 'evd_pattern',
};

function run(changes: Parameters<typeof aContext>[1]) {
  const made = aContext([], changes);
  return knownSolution.run(made.evidence, made.context);
}

describe('The known solution', () => {
  it('is found when the alert is the same', () => {
    expect(knownSolutionFor(incident, [pattern])).toEqual({ pattern, similarity: 1 });
  });

  it('is the most alike, then the first by id', () => {
    const other = {
      ...pattern,
      patternId: 'ptn_0',
      alerts: [{ ...incident, title: 'Checkout returns many 503' }],
    };
    const twin = { ...pattern, patternId: 'ptn_2' };
    expect(knownSolutionFor(incident, [other, twin, pattern])?.pattern.patternId).toBe('ptn_1');
  });

  it('is not found for another trouble', () => {
    const alerts = [{ title: 'Disk almost full', description: 'Volume at 91 %', service: 'checkout' }];
    expect(knownSolutionFor(incident, [{ ...pattern, alerts }])).toBeUndefined();
  });

  it('stays open until a person decides', () => {
    expect(run({ patterns: [pattern] }).hypotheses).toEqual([expect.objectContaining({ status: 'open' })]);
  });

  it('is the cause when a person accepts it, and ruled out when one dismisses it', () => {
    const decided = (decision: 'accepted' | 'dismissed') =>
      run({ patterns: [pattern], patternDecision: { patternId: 'ptn_1', decision } }).hypotheses[0];
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
      evidenceId: 'evd_0',
    };
    const report = run({ earlierIncidents: [earlier] });
    expect(report.findings).toEqual([
      expect.objectContaining({
        kind: 'earlier_incident',
        evidenceIds: ['evd_0', 'evd_alert'],
        statement: 'An incident with the same alert was opened 2 hours before; its cause was: Cold cache',
      }),
    ]);
    expect(report.message).toBe(
      'Compared with 0 known patterns and 1 earlier incident; no pattern matches, 1 incident had a similar alert.',
    );
  });

  it('says so when nothing is known yet', () => {
    expect(run({}).message).toBe('No patterns or earlier incidents are known yet, so none were compared.');
  });
});
