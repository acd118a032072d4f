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
import { type Look, LOOKS } from './health.js';
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
    'CauseFlow looks at the statistics views only, in a session that is read-only and gives up after three seconds.',
    '',
    "1. `CREATE ROLE causeflow LOGIN PASSWORD '…'; GRANT pg_monitor TO causeflow;`",
    '2. `services` are the services that use this database; without them it is looked at for every incident.',
    '3. `tls` is `verify` unless said otherwise; `caCertificate` is needed for an authority of your own.',
  ].join('\n'),

  async probe(connection, outside) {
    const { query, end } = await openSession(connection, outside);
    const [row] = await query(`SELECT pg_catalog.version()`).finally(end);
    if (!textOf(row?.['version'])) throw new ProviderError('The server did not answer as PostgreSQL does.');
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
  const asked = { entity, timestamp: outside.clock.now().getTime() };
  let session: Session;
  try {
    session = await openSession(connection, outside, signal);
  } catch (error) {
    if (error instanceof NoConnectionLeft) yield* refusal(error, asked);
    throw error;
  }
  const { query, end } = session;
  try {
    for (const look of LOOKS) yield* await lookAt(look, query, asked);
  } finally {
    end();
  }
}

function refusal({ message }: NoConnectionLeft, asked: Parameters<Look['says']>[1]): SourceAnswer[] {
  const query = 'a session';
  return [
    { type: 'database', query, rows: [{ ...asked, metric: 'sessions_refused', value: 1 }] },
    { type: 'platform_event', query, rows: [{ ...asked, level: 'error', message }] },
  ];
}

/** A check that is not permitted or times out is reported as missing; the others continue. */
async function lookAt(
  look: Look,
  query: Session['query'],
  asked: Parameters<Look['says']>[1],
): Promise<SourceAnswer[]> {
  try {
    const rows = await query(look.sql);
    return look.says(rows, asked).map((said) => ({ ...said, query: look.sql.replaceAll(/\s+/g, ' ') }));
  } catch (error) {
    if (error instanceof ProviderError)
      return [{ missing: `its ${look.name} could not be read: ${error.message}` }];
    throw error;
  }
}
