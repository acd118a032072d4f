interface PostgresError extends Error {
  readonly code?: string;
  readonly driverError?: PostgresError;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code, driverError } = error as PostgresError;
  return driverError?.code ?? code ?? '';
}

/** A row with this key is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** The data itself cannot be stored (classes 22 and 23): the same row fails again however often it is tried. */
export function isDataFault(error: unknown): boolean {
  return /^2[23]/.test(codeOf(error));
}

/** PostgreSQL is away, restarting, full of connections or too slow: the same call may succeed in a moment. */
export function isDatabaseDown(error: unknown): boolean {
  const code = codeOf(error);
  if (/^(08|53|57P|58)/.test(code) || code === '57014') return true;
  if (['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'].includes(code)) return true;
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}
