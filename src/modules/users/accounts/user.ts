import { Aggregate } from '#kernel/domain/aggregate';
import { newId, type TenantId } from '#kernel/domain/ids';
import type { UserRole } from '#kernel/http/principal';
import { UserCreated, UserDeleted, UserUpdated } from '../events.js';

export interface NewUser {
  readonly email: string;
  readonly name: string | null;
  readonly role: UserRole;
  readonly passwordHash?: string;
  /** The `sub` under which an external identity provider knows this person. */
  readonly externalSubject?: string;
}

/** A user of a tenant. A deleted user stays as a row, so that an old token of an identity provider does not recreate it. */
export class User extends Aggregate {
  readonly userId!: string;
  email!: string;
  /** The normalised address, unique in the installation. */
  emailKey!: string;
  name!: string | null;
  role!: UserRole;
  passwordHash: string | null = null;
  externalSubject: string | null = null;
  /** Counts the events that revoke every earlier token: changes of role and password, and deletion. */
  credentials: number = 1;
  /** The last such event, for tokens of an identity provider, which do not contain the count. */
  credentialsChangedAt: Date | null = null;
  invitationHash: string | null = null;
  invitationExpiresAt: Date | null = null;
  readonly version: number = 1;
  readonly createdAt!: Date;
  updatedAt!: Date;
  deletedAt: Date | null = null;

  private constructor() {
    super();
  }

  static create(tenantId: TenantId, person: NewUser, now: Date): User {
    const user = Object.assign(new User(), person, {
      tenantId,
      userId: newId('user'),
      emailKey: emailKey(person.email),
      createdAt: now,
      updatedAt: now,
    });
    const { userId, email, name, role } = user;
    user.record(new UserCreated({ userId, email, name, role, createdAt: now.toISOString() }));
    return user;
  }

  get isDeleted(): boolean {
    return this.deletedAt !== null;
  }

  /** Lets the user set a password once, with the token that hashes to `hash`. */
  invite(hash: string, until: Date): void {
    this.invitationHash = hash;
    this.invitationExpiresAt = until;
  }

  holdsInvitation(hash: string, now: Date): boolean {
    return (
      this.invitationHash === hash && this.invitationExpiresAt !== null && this.invitationExpiresAt > now
    );
  }

  change(to: { email?: string; name?: string | null; role?: UserRole }, now: Date): void {
    const { email = this.email, name = this.name, role = this.role } = to;
    const changes = {
      ...(email !== this.email && { email }),
      ...(name !== this.name && { name }),
      ...(role !== this.role && { role }),
    };
    if (Object.keys(changes).length === 0) return;
    if (role !== this.role) this.revokeTokens(now);
    Object.assign(this, { email, name, role, emailKey: emailKey(email) });
    this.updated(changes, now);
  }

  setPassword(hash: string, now: Date): void {
    this.passwordHash = hash;
    this.invitationHash = null;
    this.invitationExpiresAt = null;
    this.revokeTokens(now);
    this.updated({ passwordChanged: true }, now);
  }

  delete(deletedBy: string, now: Date): void {
    const { userId, email } = this;
    this.deletedAt = now;
    this.passwordHash = null;
    this.invitationHash = null;
    this.revokeTokens(now);
    this.record(new UserDeleted({ userId, email, deletedBy }));
  }

  private revokeTokens(now: Date): void {
    this.credentials += 1;
    this.credentialsChangedAt = now;
  }

  private updated(changes: UserUpdated['data']['changes'], now: Date): void {
    this.updatedAt = now;
    this.record(new UserUpdated({ userId: this.userId, changes, updatedAt: now.toISOString() }));
  }
}

/** Addresses are compared case-insensitively. */
export function emailKey(email: string): string {
  return email.normalize('NFC').toLowerCase();
}
