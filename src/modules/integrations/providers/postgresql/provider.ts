import type { EvidenceQuestion } from '../../api.js';
import {
  type Connection,
  ProviderError,
  type Outside,
  type Provider,
  type SourceAnswer,
} from '../provider.js';
import { textOf } from '../read-json.js';
import { PostgresqlConfig, PostgresqlCredentials } from './config.js';
import { type HealthCheck, HEALTH_CHECKS } from './health.js';
import { NoConnectionLeft, openSession, type Session } from './session.js';

type Postgresql = Connection<PostgresqlConfig, PostgresqlCredentials>;

export const postgresql: Provider<PostgresqlConfig, PostgresqlCredentials> = {
  provider: 'postgresql',
  displayName: 'PostgreSQL',
  category: 'database',
  capabilities: ['evidence'],
  authType: 'login',
  config: PostgresqlConfig,
  credentials: PostgresqlCredentials,
  setupGuide: [
    'CauseFlow reads only statistics views, in a read-only session with a statement time-out of three seconds.',
    '',
    "1. `CREATE ROLE causeflow LOGIN PASSWORD '…'; GRANT pg_monitor TO causeflow;`",
    '2. `services` are the services that use this database. Without them it is read for every incident.',
    '3. `tls` defaults to `verify`. A private certificate authority needs `caCertificate`.',
  ].join('\n'),

  async probe(connection, outside) {
    const { query, end } = await openSession(connection, outside);
    const [row] = await query(`SELECT pg_catalog.version()`).finally(end);
    if (!textOf(row?.['version'])) throw new ProviderError('The server did not respond like PostgreSQL.');
  },

  evidence: {
    concerns: ({ services }, service) =>
      services === undefined || (service !== null && services.includes(service)),
    pull,
  },
};

async function* pull(
  connection: Postgresql,
  _question: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const { database: entity } = connection.config;
  const context = { entity, timestamp: outside.clock.now().getTime() };
  let session: Session;
  try {
    session = await openSession(connection, outside, signal);
  } catch (error) {
    if (error instanceof NoConnectionLeft) yield* refusal(error, context);
    throw error;
  }
  const { query, end } = session;
  try {
    for (const check of HEALTH_CHECKS) yield* await runCheck(check, query, context);
  } finally {
    end();
  }
}

function refusal(
  { message }: NoConnectionLeft,
  context: Parameters<HealthCheck['interpret']>[1],
): SourceAnswer[] {
  const query = 'a session';
  return [
    { type: 'database', query, rows: [{ ...context, metric: 'sessions_refused', value: 1 }] },
    { type: 'platform_event', query, rows: [{ ...context, level: 'error', message }] },
  ];
}

/** A check that is not permitted or times out is reported as missing; the others continue. */
async function runCheck(
  check: HealthCheck,
  query: Session['query'],
  context: Parameters<HealthCheck['interpret']>[1],
): Promise<SourceAnswer[]> {
  try {
    const rows = await query(check.sql);
    return check
      .interpret(rows, context)
      .map((piece) => ({ ...piece, query: check.sql.replaceAll(/\s+/g, ' ') }));
  } catch (error) {
    if (error instanceof ProviderError)
      return [{ missing: `its ${check.name} could not be read: ${error.message}` }];
    throw error;
  }
}
