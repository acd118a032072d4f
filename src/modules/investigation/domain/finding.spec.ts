import { describe, expect, it } from '@jest/globals';
import { finding, type FindingFacts } from './finding.js';

const facts: FindingFacts = {
  statement: 'Errors rose',
  evidenceIds: ['evd_2', 'evd_1', 'evd_2'],
  kind: 'new_error',
};

describe('A finding', () => {
  it('cites each piece of evidence once, sorted', () => {
    expect(finding(facts).evidenceIds).toEqual(['evd_1', 'evd_2']);
  });

  it('cannot be created without evidence', () => {
    expect(() => finding({ ...facts, evidenceIds: [] })).toThrow('must cite evidence');
    expect(() => finding({ ...facts, evidenceIds: [''] })).toThrow('must cite evidence');
  });

  it('cannot be created without a statement', () => {
    expect(() => finding({ ...facts, statement: '  ' })).toThrow('must state something');
  });

  it('refuses a score or time that JSON cannot hold', () => {
    expect(() => finding({ ...facts, score: Number.NaN })).toThrow('finite');
    expect(() => finding({ ...facts, at: Number.POSITIVE_INFINITY })).toThrow('finite');
  });

  it('truncates a statement that a hostile name made long', () => {
    expect(finding({ ...facts, statement: 'x'.repeat(5000) }).statement).toHaveLength(1000);
  });

  it('is the same after a round trip through JSON', () => {
    const made = finding({ ...facts, score: 3, data: { peak: 0.5 } });
    expect(finding(JSON.parse(JSON.stringify(made)) as FindingFacts)).toEqual(made);
  });
});
