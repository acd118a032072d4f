import { describe, expect, it, jest } from '@jest/globals';
import { Metrics } from '#kernel/metrics/metrics';

const argon2 = await import('@node-rs/argon2');
const verified: string[] = [];
// The real library, recorded: the cost is given by the parameters at the start of each hash.
jest.unstable_mockModule('@node-rs/argon2', () => ({
  ...argon2,
  verify: (stored: string, password: string) => {
    verified.push(stored);
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

  it.each([undefined, null])('without a stored hash (%s) costs as much as one with it', async (nothing) => {
    const stored = await passwords.hash('the right one');
    verified.length = 0;
    expect(await passwords.matches('another one', stored)).toBe(false);
    expect(await passwords.matches('another one', nothing)).toBe(false);
    expect(verified).toHaveLength(2);
    expect(costOf(verified[1])).toBe(costOf(verified[0]));
    expect(costOf(verified[0])).toMatch(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+$/);
  });
});
