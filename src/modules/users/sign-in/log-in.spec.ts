import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { User } from '../accounts/user.js';
import type { Users } from '../accounts/user.schema.js';
import { LogIn } from './log-in.js';
import type { OpenSession } from './open-session.js';
import type { Passwords } from './passwords.js';
import type { SignInFailures } from './sign-in-failures.js';

const now = new Date('2026-03-01T12:00:00Z');
const person = {
  email: 'ada@example.com',
  name: null,
  role: 'admin',
  passwordHash: 'of the old one',
} as const;

/** Signs in with the right password while `happens`, as long as it takes to compare it. */
function signIn(happens: (user: User) => void): Promise<unknown> {
  const user = User.join(newTenantId(), person, now);
  const { tenantId: tenant_id, userId: user_id, passwordHash: password_hash } = user;
  const logIn = new LogIn(
    { lookUp: () => Promise.resolve([{ tenant_id, user_id, password_hash }]) } as unknown as UnitOfWork,
    { find: () => Promise.resolve(user) } as unknown as Users,
    {
      matches: (_: string, stored: string) => {
        happens(user);
        return Promise.resolve(stored === person.passwordHash);
      },
    } as unknown as Passwords,
    {
      unlessTooMany: (_mail: string, _address: string, attempt: () => unknown) => attempt(),
    } as unknown as SignInFailures,
    { execute: (who: User) => Promise.resolve(who.userId) } as unknown as OpenSession,
  );
  return logIn.execute({ email: person.email, password: 'the old one' }, '192.0.2.1');
}

describe('signing in', () => {
  it('works while nothing happens', async () => {
    await expect(signIn(() => undefined)).resolves.toMatch(/^user_/);
  });

  it.each<[string, (user: User) => void]>([
    ['is changed', (user) => user.setPassword('of the new one', now)],
    ['goes with its holder, who is deleted', (user) => user.delete('user_1', now)],
  ])('does not with a password that %s while it is compared', async (_, happens) => {
    await expect(signIn(happens)).rejects.toMatchObject({ code: 'invalid_credentials' });
  });
});
