import pg from 'pg';
import { DataSource } from 'typeorm';
import { declaredSchemas } from './aggregate-schema.js';
import type { MigrationClass } from './sql-migrations.js';

/** The role that the application works as; it owns nothing, so row-level security binds it. */
const APP_ROLE = 'causeflow_app';

/** Pages lie in memory or on a disk without arms. What is told here keeps lists on the index that has their order. */
export const PLANNING = '-c random_page_cost=1.1';

/**
 * Has PostgreSQL ask whether the other machine is still there, and let go of what the connection holds 25 s after it is not, also
 * where an answer was under way. By itself it asks after two hours, and sends an answer again for a quarter of one: for so
 * long nobody else could claim what a replica had claimed that lost its power.
 */
export const DEAD_PEER_DETECTION =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25s';

interface Connection {
  readonly url: string;
  readonly poolSize: number;
}

/** For how long a connection waits for PostgreSQL. */
export const CONNECTION_TIMEOUTS = {
  connectionTimeoutMillis: 10_000,
  // Whoever asks several things at once, as the batch writer does, waits for one round trip. And one that gets no answer is closed.
  pipeline: true,
  // PostgreSQL answers an append and its commit, which go out together, before this, or its machine is gone: the connection is closed.
  query_timeout: 65_000,
};

/** How every connection of the application is opened, whoever opens it. */
export const APPLICATION_CONNECTION = {
  ...CONNECTION_TIMEOUTS,
  options: `-c role=${APP_ROLE} -c statement_timeout=30s -c idle_in_transaction_session_timeout=60s -c datestyle=ISO ${PLANNING} ${DEAD_PEER_DETECTION}`,
};

/** The application's pool. Every connection works as `causeflow_app`, from its first statement on. */
export function applicationDataSource({ url, poolSize }: Connection): DataSource {
  return new DataSource({
    type: 'postgres',
    // Named, since TypeORM would otherwise load pg-native silently wherever it is installed.
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

/** A connection of the owner, for migrations alone. */
export function ownerDataSource(url: string, migrations: MigrationClass[]): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    migrations,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    applicationName: 'causeflow-migrations',
    poolSize: 2,
    connectTimeoutMS: 10_000,
    extra: { options: `-c app.options=kept ${DEAD_PEER_DETECTION}` },
  });
}
