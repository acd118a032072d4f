import { describe, expect, it } from '@jest/globals';
import { asShares, fused } from './suspects.js';

describe('Suspects', () => {
  it('share the suspicion of one way of looking', () => {
    expect(
      asShares(
        new Map([
          ['b', 1],
          ['a', 3],
        ]),
      ),
    ).toEqual([
      { entity: 'a', score: 0.75 },
      { entity: 'b', score: 0.25 },
    ]);
  });

  it('are none when there is no suspicion, or one beyond all numbers', () => {
    expect(asShares(new Map())).toEqual([]);
    expect(asShares(new Map([['a', 0]]))).toEqual([]);
    expect(asShares(new Map([['a', Infinity]]))).toEqual([]);
  });

  it('are led by who several ways of looking single out', () => {
    const metrics = [
      { entity: 'a', score: 0.5 },
      { entity: 'b', score: 0.5 },
    ];
    const logs = [{ entity: 'b', score: 1 }];
    expect(fused([metrics, logs])).toEqual([
      { entity: 'b', score: 1 },
      { entity: 'a', score: 0.5 },
    ]);
  });

  it('are ordered by name when they are equal', () => {
    expect(
      fused([
        [
          { entity: 'b', score: 0.5 },
          { entity: 'a', score: 0.5 },
        ],
      ]).map(({ entity }) => entity),
    ).toEqual(['a', 'b']);
  });
});
