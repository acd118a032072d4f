import { describe, expect, it } from '@jest/globals';
import { timeOf, ulidFactory, ulidNamed } from './ulid.js';

describe('a ULID', () => {
  it('begins with its creation time, as the specification encodes it', () => {
    // The example of github.com/ulid/spec.
    expect(ulidFactory(() => 1469918176385)()).toMatch(/^01ARYZ6S41[0-9A-HJKMNP-TV-Z]{16}$/);
  });

  it('sorts after all earlier ones, within a millisecond, in later ones and when the clock goes back a little', () => {
    let now = 1_000_000;
    const ulid = ulidFactory(() => now);
    const made = [500, 1_000_000, 999_000, 1_000_001].flatMap((moment) => {
      now = moment;
      return Array.from({ length: 40 }, ulid);
    });
    expect(new Set(made).size).toBe(160);
    expect([...made].sort()).toEqual(made);
  });

  it('has the time of a clock that was set back', () => {
    let now = 1_469_918_176_385;
    const ulid = ulidFactory(() => now);
    ulid();
    now -= 3_600_000;
    expect(timeOf(ulid())).toBe(now);
  });

  it('shares its random part with no other factory', () => {
    const [one, other] = [ulidFactory(() => 1), ulidFactory(() => 1)];
    expect(one().slice(10)).not.toBe(other().slice(10));
  });
});

describe('a ULID of a name', () => {
  it('is the same only for the same name, and has the form of any ULID', () => {
    const names = Array.from({ length: 1000 }, (_, at) => `github/acme/shop/${at}`);
    expect(new Set(names.map(ulidNamed)).size).toBe(1000);
    for (const name of names) expect(ulidNamed(name)).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(names.map(ulidNamed)).toEqual(names.map(ulidNamed));
  });
});
