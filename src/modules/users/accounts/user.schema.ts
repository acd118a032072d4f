import { Store } from '#kernel/domain/store';
import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { User } from './user.js';

export abstract class Users extends Store<User> {}

export const userSchema = aggregateSchema<User>({
  name: 'User',
  target: User,
  tableName: 'users',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    userId: { name: 'user_id', type: 'text', primary: true },
    email: { type: 'text' },
    emailKey: { name: 'email_key', type: 'text' },
    name: { type: 'text', nullable: true },
    role: { type: 'text' },
    passwordHash: { name: 'password_hash', type: 'text', nullable: true },
    externalSubject: { name: 'external_subject', type: 'text', nullable: true },
    credentials: { type: 'integer' },
    credentialsChangedAt: {
      name: 'credentials_changed_at',
      type: 'timestamptz',
      precision: 3,
      nullable: true,
    },
    invitationHash: { name: 'invitation_hash', type: 'text', nullable: true },
    invitationExpiresAt: {
      name: 'invitation_expires_at',
      type: 'timestamptz',
      precision: 3,
      nullable: true,
    },
    version: { type: 'integer' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    updatedAt: { name: 'updated_at', type: 'timestamptz', precision: 3 },
    deletedAt: { name: 'deleted_at', type: 'timestamptz', precision: 3, nullable: true },
  },
});
