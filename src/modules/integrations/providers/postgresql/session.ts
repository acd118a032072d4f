import { Socket } from 'node:net';
import pg from 'pg';
import { OutboundFailedError, OutboundRefusedError, reasonOf } from '#kernel/net/outbound-errors';
import { type Connection, NoAnswer, type Outside } from '../provider.js';
import { DEFAULT_PORT, type PostgresqlConfig, type PostgresqlCredentials } from './config.js';

const CONNECT_MS = 3_000;
const STATEMENT_MS = 3_000;
const MOST_BYTES = 4 * 1024 * 1024;
const LOOK_EVERY_MS = 50;
/** Said as the session begins, so that there is no moment in which it could write or wait for long. */
const SETTINGS = {
  default_transaction_read_only: 'on',
  statement_timeout: String(STATEMENT_MS),
  lock_timeout: '1000',
  idle_in_transaction_session_timeout: '5000',
};

/** It refused the session because it has none left: that says more of its health than any statistics. */
export class NoConnectionLeft extends NoAnswer {}

const TOO_MANY_CONNECTIONS = '53300';

export interface Session {
  /** @throws NoAnswer */
  readonly query: (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;
  readonly end: () => void;
}

/**
 * A session that cannot write, at an address that was checked before it was connected to. The signal ends it, and so do
 * more bytes than health takes.
 *
 * @throws NoAnswer
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
  // Whoever waits for an answer is told; without a listener the process would end.
  client.on('error', () => undefined);
  const watch = setInterval(() => { if (socket.bytesRead > MOST_BYTES) end(); }, LOOK_EVERY_MS); // prettier-ignore
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
  if (error instanceof OutboundRefusedError) throw new NoAnswer(error.message);
  if (error instanceof OutboundFailedError)
    throw new NoAnswer(`The call to PostgreSQL failed: ${error.reason}.`);
  throw error;
}

/** What the server says of itself is told; what Node says would name addresses. */
function failed(error: unknown): never {
  if (error instanceof pg.DatabaseError) {
    const Answer = error.code === TOO_MANY_CONNECTIONS ? NoConnectionLeft : NoAnswer;
    throw new Answer(`PostgreSQL answered: ${error.message.slice(0, 300)}.`);
  }
  const { code } = error as { code?: string };
  const reason =
    code !== undefined ? reasonOf(error) : 'it did not answer as PostgreSQL does, or not in time';
  throw new NoAnswer(`The call to PostgreSQL failed: ${reason}.`);
}
