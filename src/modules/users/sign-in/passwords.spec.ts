import { describe, expect, it, jest } from '@jest/globals';
import { Metrics } from '#kernel/metrics/metrics';

const argon2 = await import('@node-rs/argon2');
const compared: string[] = [];
// The library itself, overheard: what it costs lies in the parameters that begin each hash.
jest.unstable_mockModule('@node-rs/argon2', () => ({
  ...argon2,
  verify: (stored: string, password: string) => {
    compared.push(stored);
    return argon2.verify(stored, password);
  },
}));
const { Passwords } = await import('./passwords.js');

const passwords = new Passwords(new Metrics());
const costOf = (hash: string | undefined): string | undefined => hash?.split('$').slice(0, 4).join('$');

describe('a password', () => {
  it('matches its own hash and no other', async () => {
    const stored = await passwords.hash('the right one');
    expect(await passwords.matches('the right one', stored)).toBe(true);
    expect(await passwords.matches('another one', stored)).toBe(false);
  });

  it.each([undefined, null])('that nobody has (%s) costs what a stored one does', async (nothing) => {
    const stored = await passwords.hash('the right one');
    compared.length = 0;
    expect(await passwords.matches('another one', stored)).toBe(false);
    expect(await passwords.matches('another one', nothing)).toBe(false);
    expect(compared).toHaveLength(2);
    expect(costOf(compared[1])).toBe(costOf(compared[0]));
    expect(costOf(compared[0])).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+$/);
  });
});
