import { Email, IdOf, Moment, OneOf, Text } from '#kernel/http/fields';
import type { UserRole } from '#kernel/http/principal';
import { USER_ROLES } from '../events.js';
import type { User } from './user.js';

export class UserView {
  @IdOf('user') userId!: string;
  @Email() email!: string;
  @Text({ max: 200, nullable: true, example: 'Ada Lovelace' }) name!: string | null;
  @OneOf(USER_ROLES) role!: UserRole;
  @Moment() createdAt!: string;
  @Moment() updatedAt!: string;
}

export function viewOf({ userId, email, name, role, createdAt, updatedAt }: User): UserView {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { userId, email, name, role, ...times };
}
