import { describe, expect, it } from '@jest/globals';
import { asShares, combineSuspects, outlierScores } from './suspects.js';

describe('Suspects', () => {
  const scale = { tolerance: 1, population: 6 };

  it('are scored by how far they stand out from the next one', () => {
    const [first, second] = outlierScores(
      new Map([
        ['a', 9],
        ['b', 2],
      ]),
      scale,
    );
    expect(first).toEqual({ entity: 'a', score: 27 });
    expect(second).toEqual({ entity: 'b', score: (2 / 10) ** 3 });
  });

  it('are none when all entities are alike', () => {
    expect(
      outlierScores(new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, 7])), {
        tolerance: 1,
        population: 5,
      }),
    ).toEqual([]);
  });

  it('are found without a median when there are few entities', () => {
    expect(outlierScores(new Map([['a', 3]]), { tolerance: 1, population: 1 })).toEqual([
      { entity: 'a', score: 27 },
    ]);
  });

  it('have a maximum score, so that one signal cannot outweigh all others', () => {
    expect(outlierScores(new Map([['a', 1e9]]), scale)[0]?.score).toBe(100);
    expect(outlierScores(new Map([['a', Infinity]]), scale)).toEqual([]);
  });

  it('of several signals add up, with ties in the order of names', () => {
    const one = [{ entity: 'b', score: 1 }];
    const other = [
      { entity: 'b', score: 2 },
      { entity: 'c', score: 1 },
      { entity: 'a', score: 1 },
    ];
    const expected = [
      { entity: 'b', score: 3 },
      { entity: 'a', score: 1 },
      { entity: 'c', score: 1 },
    ];
    expect(combineSuspects(one, other)).toEqual(expected);
    expect(combineSuspects(other, one)).toEqual(expected);
  });

  it('can be normalised to shares', () => {
    expect(
      asShares([
        { entity: 'a', score: 3 },
        { entity: 'b', score: 1 },
      ]),
    ).toEqual([
      { entity: 'a', score: 0.75 },
      { entity: 'b', score: 0.25 },
    ]);
    expect(asShares([])).toEqual([]);
  });
});
