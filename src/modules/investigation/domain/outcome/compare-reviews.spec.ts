import { describe, expect, it } from '@jest/globals';
import { compareReviews, type Opinion } from './compare-reviews.js';

const noReview: Opinion = { model: null, explanation: [], hypotheses: [] };
const opinion: Opinion = {
  model: 'a',
  explanation: ['The pool ran out.'],
  hypotheses: ['checkout. It waits.'],
};

describe('Two opinions of models', () => {
  it('are the same when their texts are, whichever the model', () => {
    expect(compareReviews(opinion, { ...opinion, model: 'b' })).toEqual({
      isSame: true,
      added: [],
      dropped: [],
    });
  });

  it('differ in the sentences that only one of them has', () => {
    const other = { ...opinion, explanation: ['The disk is full.'] };
    expect(compareReviews(opinion, other)).toEqual({
      isSame: false,
      added: ['The disk is full.'],
      dropped: ['The pool ran out.'],
    });
    expect(compareReviews(noReview, opinion).added).toEqual(['The pool ran out.', 'checkout. It waits.']);
  });
});
