import { words } from '#kernel/domain/words';
import { defineEvent } from '#kernel/events/define-event';
import { Email, Flag, IdOf, Moment, ObjectOf, OneOf, Text } from '#kernel/http/fields';

export const USER_ROLES = words('UserRole', ['admin', 'member']);

class UserCreatedData {
  @IdOf('user') userId!: string;
  @Email() email!: string;
  @Text({ max: 200, nullable: true }) name!: string | null;
  @OneOf(USER_ROLES) role!: 'admin' | 'member';
  @Moment() createdAt!: string;
}

export class UserCreated extends defineEvent({
  type: 'user.created',
  summary: 'A new user joins a tenant',
  data: UserCreatedData,
  example: {
    userId: 'user_01HX9VTPQR3KF8MZWBYD5N6JCE',
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    role: 'admin',
    createdAt: '2026-04-01T10:00:00.000Z',
  },
  audience: 'public',
}) {}

class UserChanges {
  @Email({ optional: true }) email?: string;
  @Text({ max: 200, optional: true, nullable: true }) name?: string | null;
  @OneOf(USER_ROLES, { optional: true }) role?: 'admin' | 'member';
  @Flag({ optional: true }) passwordChanged?: boolean;
}

class UserUpdatedData {
  @IdOf('user') userId!: string;
  @ObjectOf(() => UserChanges, {
    summary: 'The new values by name; a password only as passwordChanged: true',
  })
  changes!: UserChanges;
  @Moment() updatedAt!: string;
}

export class UserUpdated extends defineEvent({
  type: 'user.updated',
  summary: 'A user’s role or profile is updated',
  data: UserUpdatedData,
  example: {
    userId: 'user_01HX9VTPQR3KF8MZWBYD5N6JCE',
    changes: { role: 'member' },
    updatedAt: '2026-04-02T10:00:00.000Z',
  },
  audience: 'public',
}) {}

class UserDeletedData {
  @IdOf('user') userId!: string;
  @Email() email!: string;
  @IdOf('user') deletedBy!: string;
}

export class UserDeleted extends defineEvent({
  type: 'user.deleted',
  summary: 'A user is removed from a tenant',
  data: UserDeletedData,
  example: {
    userId: 'user_01HX9VTPQR3KF8MZWBYD5N6JCE',
    email: 'ada@example.com',
    deletedBy: 'user_01HX9VTPQR3KF8MZWBYD5N6JCF',
  },
  audience: 'public',
}) {}
