import { Store } from '#kernel/domain/store';
import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Session } from './session.js';

export abstract class Sessions extends Store<Session> {}

export const sessionSchema = aggregateSchema<Session>({
  name: 'Session',
  target: Session,
  tableName: 'sessions',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    sessionId: { name: 'session_id', type: 'text', primary: true },
    userId: { name: 'user_id', type: 'text' },
    secretHash: { name: 'secret_hash', type: 'text' },
    credentials: { type: 'integer' },
    version: { type: 'integer' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    expiresAt: { name: 'expires_at', type: 'timestamptz', precision: 3 },
    endedAt: { name: 'ended_at', type: 'timestamptz', precision: 3, nullable: true },
  },
});
