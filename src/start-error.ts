import type { Config } from '#kernel/config/config';
import { StartError } from '#kernel/config/start-error';
import { FailedMigration } from '#kernel/persistence/sql-migrations';

interface Failure extends Error {
  readonly code?: string;
  /** PostgreSQL's advice, such as to check for free disk space. */
  readonly hint?: string;
  /** The path of a file that could not be read, such as a certificate named in the URL. */
  readonly path?: string;
}

const NO_WAY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the name of that host cannot be looked up now',
  EHOSTUNREACH: 'that host cannot be reached',
  ENETUNREACH: 'the network of that host cannot be reached',
  ETIMEDOUT: 'that host does not answer',
  ECONNRESET: 'it closed the connection',
  EISDIR: 'what it names as a certificate or key is a directory',
};
/** Messages of PostgreSQL, poolers and the driver that need an explanation. */
const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/^unsupported startup parameter/, 'it is a pooler such as PgBouncer, which is not supported'],
  [/^SASL: .*password must be/, 'it asks for a password'],
  [
    /^(permission denied to (create|grant) role|must have admin option on role)/,
    'this user may not create or grant the role causeflow_app. As a superuser, run `CREATE ROLE causeflow_app NOLOGIN` unless it ' +
      'exists, and `GRANT causeflow_app TO` this user',
  ],
];
/** SQLSTATEs about the connection, privileges and the state of PostgreSQL; anything else is a bug of ours. */
const REFUSED = /^(08|28|3D|53|57P|25006|42501)/;
/** Of these, the ones about its state, such as a full disk: another address would not help. */
const ITS_STATE = /^(53|57P)/;
const SQLSTATE = /^[0-9FHPX][0-9A-Z]{4}$/;

/** Explains errors of the database during the start. Returns an error that is not about the configuration unchanged. */
export function explainDatabase(error: unknown, databaseUrl: string, isEmbedded = false): unknown {
  // A migration fails also because the disk is full, or this user may not create a role.
  const failure = error instanceof FailedMigration ? error.cause : error;
  if (failure instanceof StartError) return error;
  const { code = '', path, message, hint } = failure as Failure;
  const { hostname, port, pathname, username, searchParams } = new URL(databaseUrl);
  // The last one is a missing Unix socket.
  const isAway = /^(timeout expired|Connection terminated|connect ENOENT)/.test(message);
  const isOfTls =
    (!SQLSTATE.test(code) && /SSL|SASL|certificate|PEM/i.test(message)) ||
    (path !== undefined && [...searchParams.values()].includes(path));
  const reason =
    NO_WAY[code] ??
    EXPLANATIONS.find(([words]) => words.test(message))?.[1] ??
    (REFUSED.test(code) || isAway || isOfTls ? message : undefined);
  if (reason === undefined) return error;
  const who = username === '' ? '' : ` as ${decodeURIComponent(username)}`;
  const advice = ITS_STATE.test(code) ? hint : isEmbedded ? undefined : 'Is DATABASE_URL right?';
  return new StartError(
    `The database ${pathname.slice(1)} on ${hostname}:${port || '5432'} cannot be used${who}: ${reason}.${advice === undefined ? '' : ` ${advice}`}`,
    { cause: error },
  );
}

/** Unlike an error of a connection, which may be to anything once the database has been migrated. */
export function isOfPostgres(error: unknown): boolean {
  return error instanceof Error && 'severity' in error;
}

/** @param secretsFile where the key is kept unless it is in the environment; undefined if it has to be there */
export function explainMissingKey(keyId: string, secretsFile?: string): StartError {
  const recover = `set that one${secretsFile === undefined ? '' : `, put the former ${secretsFile} back`}`;
  return new StartError(
    `The secrets in this database were sealed with another ENCRYPTION_KEY (its id is ${keyId}): ${recover}, or add it to ` +
      'ENCRYPTION_KEYS_OLD next to a new one. If it is lost, `DELETE FROM encryption_keys` lets the server start, and every ' +
      'webhook secret and credential must be created again.',
  );
}

/** Explains errors of the address to listen on. */
export function explainListen(error: unknown, { host, port }: Config): unknown {
  const { code = '' } = error as Failure;
  const reason = {
    EADDRINUSE: `Port ${port} is taken by another program: stop that one, or set PORT.`,
    EACCES: `This user may not listen on port ${port}: set PORT to one above 1023.`,
    EADDRNOTAVAIL: `HOST ${host} is no address of this machine.`,
    EAFNOSUPPORT: `HOST ${host} is no address of this machine.`,
    ENOTFOUND: `HOST ${host} is no address of this machine.`,
    EAI_AGAIN: `HOST ${host} is no address of this machine.`,
  }[code];
  return reason === undefined ? error : new StartError(reason, { cause: error });
}
