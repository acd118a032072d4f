import type { QueryRunner } from 'typeorm';

const LEAST_VERSION = 150_000;

/** Told in a terminal without its stack, like every other reason not to start. */
class UnfitDatabaseError extends Error {
  override readonly name = 'StartError';
}

interface Server {
  readonly number: number;
  readonly version: string;
  /** Whether sessions begin with what the connection asked for. */
  readonly keepsOptions: boolean;
}

/**
 * Before anything is done to a database.
 * @throws UnfitDatabaseError where statements would fail, or sessions not begin in the role that binds them to their tenants
 */
export async function refuseUnfit(runner: QueryRunner): Promise<void> {
  const [server] = (await runner.query(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
            current_setting('app.options', true) IS NOT DISTINCT FROM 'kept' AS "keepsOptions"`,
  )) as Server[];
  if (server && server.number < LEAST_VERSION)
    throw new UnfitDatabaseError(`PostgreSQL ${server.version} is too old: version 15 or newer is needed.`);
  if (!server?.keepsOptions)
    throw new UnfitDatabaseError(
      'PostgreSQL is not told how a session has to begin: either DATABASE_URL has `options` of its own, or a pooler such as ' +
        'PgBouncer, which keeps them to itself, stands before it. Name PostgreSQL itself, without `options`.',
    );
}
