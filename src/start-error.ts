import type { Config } from '#kernel/config/config';

/** Why a program of ours did not start, in words that say what to change: read in a terminal, often in a hurry. */
class StartError extends Error {
  override readonly name = 'StartError';
}

interface Failure extends Error {
  readonly code?: string;
  /** Of the file that could not be read: a certificate of the address. */
  readonly path?: string;
}

const NO_WAY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'nobody knows that host',
  EAI_AGAIN: 'the name of that host cannot be looked up now',
  EHOSTUNREACH: 'that host cannot be reached',
  ENETUNREACH: 'the network of that host cannot be reached',
  ETIMEDOUT: 'that host does not answer',
  ECONNRESET: 'it hung up',
};
/** What PostgreSQL, or whoever stands before it, and the driver say in words of their own. */
const IN_OTHER_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^unsupported startup parameter/, 'a pooler such as PgBouncer stands before it, and no pooler will do'],
  [/^SASL: .*password must be/, 'it asks for a password'],
];
/** Classes of what PostgreSQL itself says of a connection, of rights and of its own state; all else is a mistake of ours. */
const REFUSED = /^(08|28|3D|53|57P|25006|42501)/;
/** Of these, what it says of its own state, a full disk for one: no other address would help. */
const ITS_STATE = /^(53|57P)/;

/** Of the database, until the server is ready. Leaves what is no matter of the configuration as it is. */
export function explainDatabase(error: unknown, databaseUrl: string, isEmbedded = false): unknown {
  const { code = '', path, message } = error as Failure;
  const { hostname, port, pathname, username, searchParams } = new URL(databaseUrl);
  // The last is a socket in the file system that is not there.
  const isAway = /^(timeout expired|Connection terminated|connect ENOENT)/.test(message);
  const isOfTls =
    /SSL|SASL|certificate|PEM/i.test(message) ||
    (path !== undefined && [...searchParams.values()].includes(path));
  const reason =
    NO_WAY[code] ??
    IN_OTHER_WORDS.find(([words]) => words.test(message))?.[1] ??
    (REFUSED.test(code) || isAway || isOfTls ? message : undefined);
  if (reason === undefined) return error;
  const who = username === '' ? '' : ` as ${decodeURIComponent(username)}`;
  const question = ITS_STATE.test(code) || isEmbedded ? '' : ' Is DATABASE_URL right?';
  return new StartError(
    `The database ${pathname.slice(1)} on ${hostname}:${port || '5432'} cannot be used${who}: ${reason}.${question}`,
    { cause: error },
  );
}

export function explainMissingKey(keyId: string): StartError {
  return new StartError(
    `The secrets in this database were sealed with another ENCRYPTION_KEY (its id is ${keyId}): give that one, or add it to ` +
      'ENCRYPTION_KEYS_OLD beside a new one. If it is lost, `DELETE FROM encryption_keys` lets the server start, and every ' +
      'webhook secret and credential has to be made anew.',
  );
}

/** Of the address to listen on. */
export function explainListen(error: unknown, { host, port }: Config): unknown {
  const { code = '' } = error as Failure;
  const reason = {
    EADDRINUSE: `Port ${port} is taken by another program: stop that one, or set PORT.`,
    EACCES: `This user may not listen on port ${port}: set PORT to one above 1023.`,
    EADDRNOTAVAIL: `HOST ${host} is no address of this machine.`,
    ENOTFOUND: `HOST ${host} is no address of this machine.`,
  }[code];
  return reason === undefined ? error : new StartError(reason, { cause: error });
}
