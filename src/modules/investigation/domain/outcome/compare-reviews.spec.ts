import { describe, expect, it } from '@jest/globals';
import { compareReviews, type Opinion } from './compare-reviews.js';

const nobody: Opinion = { model: null, explanation: [], hypotheses: [] };
const opinion: Opinion = {
  model: 'a',
  explanation: ['The pool ran out.'],
  hypotheses: ['checkout. It waits.'],
};

describe('Two opinions of models', () => {
  it('are the same when they say the same, whoever says it', () => {
    expect(compareReviews(opinion, { ...opinion, model: 'b' })).toEqual({
      isSame: true,
      added: [],
      dropped: [],
    });
  });

  it('differ in what only one of them says', () => {
    const other = { ...opinion, explanation: ['The disk is full.'] };
    expect(compareReviews(opinion, other)).toEqual({
      isSame: false,
      added: ['The disk is full.'],
      dropped: ['The pool ran out.'],
    });
    expect(compareReviews(nobody, opinion).added).toEqual(['The pool ran out.', 'checkout. It waits.']);
  });
});
