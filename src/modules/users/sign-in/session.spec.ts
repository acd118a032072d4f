import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { User } from '../accounts/user.js';
import { readSecretToken, writeSecretToken } from './secret-tokens.js';
import { Session } from './session.js';

const noon = new Date('2026-03-01T12:00:00Z');
const days = (count: number): Date => new Date(noon.getTime() + count * 24 * 3600 * 1000);
const secretOf = (token: string): string => readSecretToken(token)?.secret ?? '';

function session(): Session {
  const user = User.create(newTenantId(), { email: 'ada@example.com', name: null, role: 'admin' }, noon);
  return Session.open(user, noon);
}

describe('a session', () => {
  it('accepts its current secret, and ends when a former one is used', () => {
    const open = session();
    const [first, second] = [secretOf(open.renew(noon)), secretOf(open.renew(noon))];
    expect(open.accepts(second, noon)).toBe(true);
    expect(open.accepts(first, noon)).toBe(false);
    expect(open.accepts(second, noon)).toBe(false);
  });

  it('lasts thirty days from its last renewal', () => {
    const open = session();
    const first = secretOf(open.renew(noon));
    expect(open.accepts(first, days(29))).toBe(true);
    const second = secretOf(open.renew(days(29)));
    expect(open.accepts(second, days(58))).toBe(true);
    expect(open.accepts(second, days(59))).toBe(false);
  });

  it('accepts nothing after its end', () => {
    const open = session();
    const secret = secretOf(open.renew(noon));
    open.end(noon);
    expect(open.accepts(secret, noon)).toBe(false);
  });

  it('stores a hash instead of the secret', () => {
    const open = session();
    expect(JSON.stringify(open)).not.toContain(secretOf(open.renew(noon)));
  });
});

describe('a secret token', () => {
  it('can be read back', () => {
    const token = { tenantId: newTenantId(), id: 'user_1-a', secret: 'x'.repeat(43) };
    expect(readSecretToken(writeSecretToken(token))).toEqual(token);
  });

  it.each([
    '',
    'a.b.c',
    `ten_1.a.${'x'.repeat(43)}`,
    `${newTenantId()}.a\0b.${'x'.repeat(43)}`,
    'x'.repeat(500),
  ])('is malformed: %j', (text) => {
    expect(readSecretToken(text)).toBeUndefined();
  });
});
