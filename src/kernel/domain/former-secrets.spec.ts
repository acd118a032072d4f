import { describe, expect, it } from '@jest/globals';
import { type FormerSecret, goodSecrets, retired } from './former-secrets.js';

const at = (minutes: number): Date => new Date(Date.UTC(2026, 3, 1, 10, minutes));

describe('a secret that is rotated', () => {
  it('is good until its own overlap ends, whatever is rotated meanwhile', () => {
    const once = retired('first', [], at(60), at(0));
    expect(goodSecrets('second', once, at(59))).toEqual(['second', 'first']);
    const twice = retired('second', once, at(15), at(10));
    expect(goodSecrets('third', twice, at(14))).toEqual(['third', 'second', 'first']);
    expect(goodSecrets('third', twice, at(15))).toEqual(['third', 'first']);
    expect(goodSecrets('third', twice, at(60))).toEqual(['third']);
  });

  it('ends at once without an overlap, and all those before it with it', () => {
    const former = retired('first', [], at(60), at(0));
    expect(retired('second', former, at(10), at(10))).toEqual([]);
  });

  it('is one of at most ten, of which those whose overlap has ended are none', () => {
    let former: FormerSecret[] = [];
    for (let n = 1; n <= 10; n += 1) former = retired(`secret ${n}`, former, at(60 + n), at(0));
    expect(former).toHaveLength(10);
    expect(() => retired('one more', former, at(80), at(60))).toThrow(
      expect.objectContaining({ code: 'quota_exceeded' }),
    );
    expect(retired('one more', former, at(80), at(61))).toHaveLength(10);
    expect(retired('one more', former, at(0), at(0))).toEqual([]);
  });
});
