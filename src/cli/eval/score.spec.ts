import { describe, expect, it } from '@jest/globals';
import type { Prediction } from './predict.js';
import { score } from './score.js';

function prediction(changes: Partial<Prediction>): Prediction {
  return {
    ranked: ['a', 'b', 'c', 'd', 'e', 'f'].map((entity, i) => ({ entity, score: 1 - i / 10 })),
    commit: null,
    failureMode: null,
    incident: true,
    confidence: 0.5,
    outcome: 'probable',
    evidence: [],
    ms: 1,
    ...changes,
  };
}

const scored = (id: string, label: object, changes: Partial<Prediction> = {}) => ({
  id,
  dataset: 'made up',
  system: 'one',
  label,
  prediction: prediction(changes),
});

describe('Scores', () => {
  it('contain AC@1, AC@3 and Avg@5 of the true entity', () => {
    const [all] = score([
      scored('1', { root_cause_entity: 'a' }),
      scored('2', { root_cause_entity: 'c' }),
      scored('3', { root_cause_entity: 'not named' }),
    ]);
    expect(all).toMatchObject({ n: 3, ac1: { hits: 1, n: 3 }, ac3: { hits: 2, n: 3 } });
    expect(all?.avg5).toBeCloseTo((1 + 1 + 2 + 2 + 2) / 3 / 5);
  });

  it('count right commits, and blamed decoys', () => {
    const label = { root_cause_commit: 'none', decoy_commits: ['bad'] };
    expect(
      score([scored('1', label, { commit: 'none' }), scored('2', label, { commit: 'bad' })])[0],
    ).toMatchObject({ commit: { hits: 1, n: 2 }, decoys: 1 });
  });

  it('count right failure modes, and recognised healthy cases', () => {
    const [all] = score([
      scored('1', { failure_mode: 'healthy', kind: 'healthy' }, { failureMode: 'healthy', incident: false }),
      scored(
        '2',
        { failure_mode: 'storage_full', kind: 'fault' },
        { failureMode: 'healthy', incident: false },
      ),
    ]);
    expect(all).toMatchObject({ failureMode: { hits: 1, n: 2 }, specificity: { hits: 1, n: 1 } });
  });

  it('are split by fault', () => {
    const all = score([
      scored('1', { root_cause_entity: 'a', fault: 'cpu' }),
      scored('2', { root_cause_entity: 'b', fault: 'delay' }),
    ]);
    expect(all.map(({ part, ac1 }) => [part, ac1?.hits])).toEqual([
      [null, 1],
      ['cpu', 1],
      ['delay', 0],
    ]);
  });
});
