import { describe, expect, it } from '@jest/globals';
import { asShares, standingOut, together } from './suspects.js';

describe('Suspects', () => {
  const loudness = { usual: 1, among: 6 };

  it('are singled out by how far they stand out from the best other', () => {
    const [first, second] = standingOut(
      new Map([
        ['a', 9],
        ['b', 2],
      ]),
      loudness,
    );
    expect(first).toEqual({ entity: 'a', score: 27 });
    expect(second).toEqual({ entity: 'b', score: (2 / 10) ** 3 });
  });

  it('are nobody when all are alike', () => {
    expect(
      standingOut(new Map(['a', 'b', 'c', 'd', 'e'].map((name) => [name, 7])), { usual: 1, among: 5 }),
    ).toEqual([]);
  });

  it('are found among few too, where no median says what is common', () => {
    expect(standingOut(new Map([['a', 3]]), { usual: 1, among: 1 })).toEqual([{ entity: 'a', score: 27 }]);
  });

  it('cannot be made by one way of looking alone to drown all others', () => {
    expect(standingOut(new Map([['a', 1e9]]), loudness)[0]?.score).toBe(100);
    expect(standingOut(new Map([['a', Infinity]]), loudness)).toEqual([]);
  });

  it('of several ways of looking add up, in an order that depends on their names alone when they are equal', () => {
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
    expect(together(one, other)).toEqual(expected);
    expect(together(other, one)).toEqual(expected);
  });

  it('share the suspicion', () => {
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
