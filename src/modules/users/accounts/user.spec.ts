import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { emailKey, User } from './user.js';

const [noon, later] = [new Date('2026-03-01T12:00:00Z'), new Date('2026-03-02T12:00:00Z')];

function member(): User {
  const user = User.create(newTenantId(), { email: 'Ada@Example.com', name: 'Ada', role: 'member' }, noon);
  user.takeRecorded();
  return user;
}
const recorded = (user: User): object[] => user.takeRecorded().map(({ type, data }) => ({ type, data }));

describe('a user', () => {
  it('keeps the address as it was entered, and is found by it case-insensitively', () => {
    const user = member();
    expect([user.email, user.emailKey]).toEqual(['Ada@Example.com', 'ada@example.com']);
    expect(emailKey('ADA@example.com')).toBe(user.emailKey);
  });

  it('publishes only what changed', () => {
    const user = member();
    const { userId } = user;
    user.change({ name: 'Ada', role: 'member' }, later);
    expect(recorded(user)).toEqual([]);
    user.change({ name: 'Ada Lovelace' }, later);
    expect(recorded(user)).toEqual([
      {
        type: 'user.updated',
        data: { userId, changes: { name: 'Ada Lovelace' }, updatedAt: later.toISOString() },
      },
    ]);
  });

  it('has tokens revoked by a change of role or password and by deletion, not by a change of name or address', () => {
    const user = member();
    user.change({ name: 'Countess', email: 'countess@example.com' }, later);
    expect([user.credentials, user.credentialsChangedAt]).toEqual([1, null]);
    user.change({ role: 'admin' }, later);
    user.setPassword('hash', later);
    user.delete('user_x', later);
    expect([user.credentials, user.credentialsChangedAt]).toEqual([4, later]);
  });

  it('publishes only that a password has changed', () => {
    const user = member();
    user.setPassword('a hash', later);
    expect(JSON.stringify(recorded(user))).not.toContain('a hash');
    user.setPassword('another', later);
    expect(recorded(user)).toMatchObject([{ data: { changes: { passwordChanged: true } } }]);
  });

  it('holds an invitation until it expires, is used, or the user is deleted', () => {
    const user = member();
    user.invite('hash', later);
    expect(user.holdsInvitation('hash', noon)).toBe(true);
    expect(user.holdsInvitation('other', noon)).toBe(false);
    expect(user.holdsInvitation('hash', later)).toBe(false);
    user.setPassword('x', noon);
    expect(user.holdsInvitation('hash', noon)).toBe(false);
    user.invite('hash', later);
    user.delete('user_x', noon);
    expect(user.holdsInvitation('hash', noon)).toBe(false);
  });
});
