import { isNativeError } from 'node:util/types';

interface PostgresError extends Error {
  readonly code?: string;
  /** Where PostgreSQL raised it. */
  readonly routine?: string;
  readonly driverError?: PostgresError;
}

/**
 * PostgreSQL is away, restarting, out of disk space or connections, or too slow: a retry may succeed. A class of its own, so that
 * a broken connection to anything else is not mistaken for it.
 */
export class DatabaseDownError extends Error {
  override readonly name = 'DatabaseDownError';
}

/** Turns an error of PostgreSQL, or of the connection to it, into a DatabaseDownError where a retry may succeed. */
export function asDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseDownError || !saysDown(error)) return error;
  return new DatabaseDownError(error.message, { cause: error });
}

/** A row with this key exists already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** The data itself cannot be stored (classes 22 and 23): a retry fails again. */
export function isDataFault(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error));
}

/**
 * A migration changed the result type of a prepared statement. The connection keeps refusing it and must be closed. The statement
 * had no effect.
 */
export function isOutdatedPlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && (error as PostgresError).routine === 'RevalidateCachedQuery';
}

/**
 * Connection refused or lost (08, 28, 3D), serialisation failure or deadlock (40), out of resources (53), shutting down (57P), disk
 * errors (58), statement time-out (57014), and a read-only standby after a failover (25006).
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

/** What the driver says of connections that are broken, or were when the statement was to be sent, and of answers that did not come. */
const UNANSWERED =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client .* is not queryable$)/;

function saysDown(error: unknown): error is Error {
  const code = codeOf(error);
  if (DOWN.test(code) || UNREACHABLE.has(code) || isOutdatedPlan(error)) return true;
  return isNativeError(error) && UNANSWERED.test(error.message);
}

function codeOf(error: unknown): string {
  // Not `instanceof`: a broken connection's error comes from Node.js, which a test runner keeps in another realm.
  if (!isNativeError(error)) return '';
  const { code, driverError } = error as PostgresError;
  return driverError?.code ?? code ?? '';
}
