import { readFileSync, statSync } from 'node:fs';

/** One sentence on what is wrong and one on what to do: newcomers read it in the terminal of their first `npm start`. */
export class EmbeddedPostgresError extends Error {
  constructor(problem: string, options?: ErrorOptions & { log?: string }) {
    const seeLog = options?.log ? ` The log of PostgreSQL is ${options.log}.` : '';
    super(`${problem} Or set DATABASE_URL to use a PostgreSQL server of your own.${seeLog}`, options);
    this.name = 'EmbeddedPostgresError';
  }
}

const KNOWN_FAILURES: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/No space left on device|Check free disk space/i, 'The disk is full: make room.'],
  [/Disk quota exceeded/i, 'The disk quota is used up: make room.'],
  [/Read-only file system/i, 'The file system is read-only: point DATA_DIR at a writable one.'],
  [
    /could not (?:create|map|resize|allocate).*(?:shared memory|semaphore)|out of memory|Cannot allocate memory/i,
    'The system gives PostgreSQL too little memory (or shared memory): raise the limit of this machine or container.',
  ],
  [
    /has wrong ownership|has invalid permissions/i,
    'The database belongs to another user: start the server as the user who made it.',
  ],
  [
    /could not look up effective user ID|could not look up (?:local )?user/i,
    'PostgreSQL needs a user with a name, and this user id has none in /etc/passwd: start the server as a user that has one.',
  ],
  [
    /database files are incompatible with server/i,
    'The database was made by another major version of PostgreSQL: install the version of CauseFlow that made it, take a backup and restore it here.',
  ],
];

/** Turns the output of PostgreSQL into advice. */
export function explainFailure(what: string, output: string, log?: string): EmbeddedPostgresError {
  const known = KNOWN_FAILURES.find(([pattern]) => pattern.test(output));
  const errorLines = /^.*(?:PANIC|FATAL|error):.*$/gim;
  const lastMessage = output.match(errorLines)?.at(-1)?.trim() ?? output.trim().split('\n').at(-1);
  const problem = known?.[1] ?? (lastMessage || 'It printed no message: check whether its disk is full.');
  return new EmbeddedPostgresError(`${what}. ${problem}`, log ? { log } : undefined);
}

/** Turns errors of the file system, which name a system call and a path, into advice. */
export function explainFileError(error: unknown, dataDir: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  // ENOENT: below a read-only file system, or behind a link to nowhere.
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT') {
    const problem = `The data directory ${dataDir} cannot be used by this user (${message}): start the server as its owner, or set DATA_DIR to a writable place.`;
    return new EmbeddedPostgresError(problem, { cause: error });
  }
  if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG') {
    const problem = `The data directory ${dataDir} is no folder (${message}): set DATA_DIR to one.`;
    return new EmbeddedPostgresError(problem, { cause: error });
  }
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new EmbeddedPostgresError(`The disk of ${dataDir} is full: make room.`, { cause: error });
}

/** What was appended to a log since it had the given length, at most the last 8 KiB. */
export function logSince(log: string, offset: number): string {
  // The log, or the whole directory, may have been removed.
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  return size === 0
    ? ''
    : readFileSync(log)
        .subarray(Math.max(offset, size - 8192))
        .toString('utf8');
}
