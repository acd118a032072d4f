import { Socket } from 'node:net';
import pg from 'pg';
import { OutboundFailedError, OutboundRefusedError, reasonOf } from '#kernel/net/outbound-errors';
import { type Connection, ProviderError, type Outside } from '../provider.js';
import { DEFAULT_PORT, type PostgresqlConfig, type PostgresqlCredentials } from './config.js';

const CONNECT_MS = 3_000;
const STATEMENT_MS = 3_000;
const MAX_BYTES = 4 * 1024 * 1024;
const LOOK_EVERY_MS = 50;
/** Session options are set at connect time, so that the session can never write or wait for long. */
const SETTINGS = {
  default_transaction_read_only: 'on',
  statement_timeout: String(STATEMENT_MS),
  lock_timeout: '1000',
  idle_in_transaction_session_timeout: '5000',
};

/** The server has no connection slots left, which is itself evidence. */
export class NoConnectionLeft extends ProviderError {}

const TOO_MANY_CONNECTIONS = '53300';

export interface Session {
  /** @throws ProviderError */
  readonly query: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly end: () => void;
}

/**
 * A read-only session at an address that was checked before connecting. It ends with the signal, or when the server sends more
 * bytes than health checks need.
 *
 * @throws ProviderError
 */
export async function openSession(
  { config, credentials }: Connection<PostgresqlConfig, PostgresqlCredentials>,
  { http }: Outside,
  signal?: AbortSignal,
): Promise<Session> {
  const socket = new Socket();
  const client = new pg.Client({
    host: await http.addressOf(config.host).catch(refused),
    port: config.port ?? DEFAULT_PORT,
    database: config.database,
    user: credentials.username,
    password: credentials.password,
    application_name: 'causeflow',
    ssl:
      config.tls === 'off'
        ? false
        : { servername: config.host, ca: config.caCertificate, rejectUnauthorized: true },
    options: Object.entries(SETTINGS).map(([name, value]) => `-c ${name}=${value}`).join(' '), // prettier-ignore
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS + 1_000,
    stream: () => socket,
  });
  // Pending queries are rejected with the error; without a listener the process would exit.
  client.on('error', () => undefined);
  const watch = setInterval(() => { if (socket.bytesRead > MAX_BYTES) end(); }, LOOK_EVERY_MS); // prettier-ignore
  const end = () => {
    clearInterval(watch);
    signal?.removeEventListener('abort', end);
    socket.destroy();
  };
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  try {
    await client.connect();
  } catch (error) {
    end();
    failed(error);
  }
  return { end, query: async (sql) => (await client.query<Record<string, unknown>>(sql).catch(failed)).rows };
}

function refused(error: unknown): never {
  if (error instanceof OutboundRefusedError) throw new ProviderError(error.message);
  if (error instanceof OutboundFailedError)
    throw new ProviderError(`The call to PostgreSQL failed: ${error.reason}.`);
  throw error;
}

/** Messages of the server are passed on; those of Node would reveal addresses. */
function failed(error: unknown): never {
  if (error instanceof pg.DatabaseError) {
    const Answer = error.code === TOO_MANY_CONNECTIONS ? NoConnectionLeft : ProviderError;
    throw new Answer(`PostgreSQL answered: ${error.message.slice(0, 300)}.`);
  }
  const { code } = error as { code?: string };
  const reason = code !== undefined ? reasonOf(error) : 'it did not respond like PostgreSQL, or not in time';
  throw new ProviderError(`The call to PostgreSQL failed: ${reason}.`);
}
