interface PostgresError extends Error {
  readonly code?: string;
  /** Where PostgreSQL raised it. */
  readonly routine?: string;
  readonly driverError?: PostgresError;
}

/**
 * PostgreSQL is away, restarting, out of room or connections, or too slow: the same call may succeed in a moment. Thrown
 * by those who ask PostgreSQL, so that no other connection that broke is taken for this one.
 */
export class DatabaseDownError extends Error {
  override readonly name = 'DatabaseDownError';
}

/** What is to be thrown for an error that came from PostgreSQL, or on the way to it. */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseDownError || !saysDown(error)) return error;
  return new DatabaseDownError(error.message, { cause: error });
}

/** A row with this key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** The data itself cannot be stored (classes 22 and 23): the same row fails again however often it is tried. */
export function isDataFault(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error));
}

/**
 * A migration has changed what a statement answers that the connection knows by name: it goes on refusing that one, so it is to be
 * closed. Nothing of the statement was done.
 */
export function isOutdatedPlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && (error as PostgresError).routine === 'RevalidateCachedQuery';
}

/**
 * No connection or none for us (08, 28, 3D), a lost race (40), no room (53), shutting down (57P), a broken disk (58), a
 * statement that took too long, and a standby that a failover has led us to.
 */
const DOWN = /^(08|28|3D|40|53|57P|58|57014|25006)/;
const UNREACHABLE = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

function saysDown(error: unknown): error is Error {
  const code = codeOf(error);
  if (DOWN.test(code) || UNREACHABLE.has(code) || isOutdatedPlan(error)) return true;
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(error.message)
  );
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code, driverError } = error as PostgresError;
  return driverError?.code ?? code ?? '';
}
