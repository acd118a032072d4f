import { describe, expect, it } from '@jest/globals';
import { type FormerSecret, goodSecrets, retired } from './former-secrets.js';

const at = (minutes: number): Date => new Date(Date.UTC(2026, 3, 1, 10, minutes));

describe('a rotated secret', () => {
  it('stays valid until its own overlap ends, also after further rotations', () => {
    const once = retired('first', [], at(60), at(0));
    expect(goodSecrets('second', once, at(59))).toEqual(['second', 'first']);
    const twice = retired('second', once, at(15), at(10));
    expect(goodSecrets('third', twice, at(14))).toEqual(['third', 'second', 'first']);
    expect(goodSecrets('third', twice, at(15))).toEqual(['third', 'first']);
    expect(goodSecrets('third', twice, at(60))).toEqual(['third']);
  });

  it('ends at once without an overlap, with all earlier ones', () => {
    const former = retired('first', [], at(60), at(0));
    expect(retired('second', former, at(10), at(10))).toEqual([]);
  });

  it('is one of at most ten, without those whose overlap has ended', () => {
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
