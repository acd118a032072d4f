import { Email, IdOf, ListOf, Moment, OneOf, Text } from '#kernel/http/fields';
import type { UserRole } from '#kernel/http/principal';
import { USER_ROLES } from '../events.js';
import type { User } from './user.js';

export class CreateUserBody {
  @Email() email!: string;
  @Text({ max: 200, example: 'Ada Lovelace' }) name!: string;
  @OneOf(USER_ROLES) role!: UserRole;
  @Text({
    min: 12,
    max: 200,
    blank: true,
    format: 'password',
    optional: true,
    summary: 'When omitted, the response contains a token with which the user sets one',
  })
  password?: string;
}

export class ChangeUserBody {
  @Email({ optional: true }) email?: string;
  @Text({ max: 200, optional: true, example: 'Ada Lovelace' }) name?: string;
  @OneOf(USER_ROLES, { optional: true }) role?: UserRole;
}

export class UserView {
  @IdOf('user') userId!: string;
  @Email() email!: string;
  @Text({ max: 200, nullable: true, example: 'Ada Lovelace' }) name!: string | null;
  @OneOf(USER_ROLES) role!: UserRole;
  @Moment() createdAt!: string;
  @Moment() updatedAt!: string;
}

export class NewUserView extends UserView {
  @Text({
    max: 500,
    optional: true,
    summary: 'For `POST /v1/auth/set-password`, valid once and for 24 hours; shown only once',
    example: 'st_5d0e8a61c3',
  })
  setPasswordToken?: string;
}

export class UserPage {
  @ListOf(() => UserView) items!: readonly UserView[];
  @Text({ max: 2048, nullable: true, summary: 'Pass it as `cursor` for the next page; null on the last one' })
  nextCursor!: string | null;
}

export function viewOf({
  userId,
  email,
  name,
  role,
  createdAt,
  updatedAt,
}: Pick<User, 'userId' | 'email' | 'name' | 'role' | 'createdAt' | 'updatedAt'>): UserView {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { userId, email, name, role, ...times };
}
