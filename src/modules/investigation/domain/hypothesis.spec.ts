import { describe, expect, it } from '@jest/globals';
import { hypothesis, type Hypothesis } from './hypothesis.js';

const facts: Hypothesis = {
  statement: 'Deploy v2 of checkout',
  score: 0.6,
  status: 'supported',
  supportedBy: ['evd_1', 'evd_1'],
  contradictedBy: [],
  category: 'change',
  witnesses: ['change'],
};

describe('A hypothesis', () => {
  it('cites each piece of evidence once', () => {
    expect(hypothesis(facts).supportedBy).toEqual(['evd_1']);
  });

  it('cannot be supported without evidence', () => {
    expect(() => hypothesis({ ...facts, supportedBy: [] })).toThrow('must name its evidence');
  });

  it('cannot be ruled out without a reason', () => {
    expect(() => hypothesis({ ...facts, status: 'ruled_out' })).toThrow('must say why');
  });

  it.each([Number.NaN, -0.1, 1.1])('refuses the score %p', (score) => {
    expect(() => hypothesis({ ...facts, score })).toThrow('0..1');
  });
});
