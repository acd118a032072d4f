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
  passwordHash: 'old hash',
} as const;

/** Signs in with the right password; `happens` runs during its comparison. */
function signIn(happens: (user: User) => void): Promise<unknown> {
  const user = User.create(newTenantId(), person, now);
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
      guard: (_mail: string, _address: string, attempt: () => unknown) => attempt(),
    } as unknown as SignInFailures,
    { execute: (who: User) => Promise.resolve(who.userId) } as unknown as OpenSession,
  );
  return logIn.execute({ email: person.email, password: 'old password' }, '192.0.2.1');
}

describe('signing in', () => {
  it('succeeds when nothing changes', async () => {
    await expect(signIn(() => undefined)).resolves.toMatch(/^user_/);
  });

  it.each<[string, (user: User) => void]>([
    ['changes', (user) => user.setPassword('new hash', now)],
    ['is removed with its deleted user', (user) => user.delete('user_1', now)],
  ])('fails with a password that %s during the comparison', async (_, happens) => {
    await expect(signIn(happens)).rejects.toMatchObject({ code: 'invalid_credentials' });
  });
});
