import pg, { type ClientBase } from 'pg';
import { DataSource } from 'typeorm';
import { declaredSchemas } from './aggregate-schema.js';
import type { MigrationClass } from './sql-migrations.js';

/** The role of the application; it owns nothing, so row-level security applies to it. */
const APP_ROLE = 'causeflow_app';

/**
 * What statements are written for. The database or its user may have other defaults: time-outs that end migrations, or transactions that
 * fail wherever two of them meet.
 */
export const SESSION = [
  'datestyle=ISO',
  'default_transaction_isolation=read\\ committed',
  'extra_float_digits=1',
  'idle_in_transaction_session_timeout=0',
  'idle_session_timeout=0',
  'lock_timeout=0',
  'quote_all_identifiers=off',
  'row_security=on',
  'standard_conforming_strings=on',
  'statement_timeout=0',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Data is in memory or on an SSD, so random reads cost little more than sequential ones. Keeps lists on the index that has their order. */
export const PLANNING = '-c random_page_cost=1.1';

/**
 * PostgreSQL drops a connection, with its locks, 25 s after the machine at the other end has vanished. By default keep-alives start
 * after two hours and retransmissions go on for about 15 minutes: until then no other replica could claim what a replica that lost its
 * power had claimed.
 */
export const DEAD_PEER_DETECTION =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25s';

interface Connection {
  readonly url: string;
  readonly poolSize: number;
}

/** The options of every connection to PostgreSQL. */
export const CONNECTION_OPTIONS = {
  options: SESSION,
  connectionTimeoutMillis: 10_000,
  // Statements sent together, as in `inOnePacket`, take one round trip. A pipelined connection is closed when a query times out.
  pipeline: true,
  // Above the 30 s of statement_timeout for each of two statements sent together, an append and its COMMIT.
  query_timeout: 65_000,
};

/**
 * Refuses a standby, to which an address may lead for a while after a failover: its rows lag behind, its locks exclude nobody on the primary,
 * and a pool would keep the connection for as long as it is used.
 * @throws Error with the SQLSTATE that a standby refuses writes with
 */
export async function refuseStandby(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (rows[0]?.standby) throw Object.assign(new Error('this PostgreSQL is a standby'), { code: '25006' });
}

/** The options of every pool. */
export const POOL_OPTIONS = { ...CONNECTION_OPTIONS, onConnect: refuseStandby };

/** The options of every pool of the application. */
export const APPLICATION_CONNECTION = {
  ...POOL_OPTIONS,
  options: `${SESSION} -c role=${APP_ROLE} -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s ${PLANNING} ${DEAD_PEER_DETECTION}`,
};

/** The application's pool. Every connection has the role `causeflow_app` from its first statement on. */
export function applicationDataSource({ url, poolSize }: Connection): DataSource {
  return new DataSource({
    type: 'postgres',
    // Explicit, because TypeORM would silently use pg-native wherever it is installed.
    driver: pg,
    url,
    entities: [...declaredSchemas()],
    entitySkipConstructor: true,
    synchronize: false,
    installExtensions: false,
    applicationName: 'causeflow',
    poolSize,
    extra: APPLICATION_CONNECTION,
  });
}

/** Connections of the owner of the tables, for migrations only. */
export function ownerDataSource(url: string, migrations: MigrationClass[]): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    migrations,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    // Any other would print beside the error that a migration failed.
    logger: 'debug',
    installExtensions: false,
    applicationName: 'causeflow-migrations',
    poolSize: 2,
    connectTimeoutMS: 10_000,
    extra: { options: `${SESSION} -c app.options=kept ${DEAD_PEER_DETECTION}` },
  });
}
