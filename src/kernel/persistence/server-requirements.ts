import type { QueryRunner } from 'typeorm';
import { StartError } from '../config/start-error.js';

const LEAST_VERSION = 150_000;

interface Server {
  readonly number: number;
  readonly version: string;
  /** Whether sessions start with the options that the connection requested. */
  readonly keepsOptions: boolean;
  /** Where tables are created and found first. */
  readonly schema: string | null;
}

/**
 * Called before anything else is done to a database.
 * @throws StartError where statements would fail, or where sessions would not start in the role that row-level security applies to
 */
export async function requireSupportedServer(runner: QueryRunner): Promise<void> {
  const [server] = (await runner.query(
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
            current_setting('app.options', true) IS NOT DISTINCT FROM 'kept' AS "keepsOptions",
            current_schema() AS schema`,
  )) as Server[];
  if (server && server.number < LEAST_VERSION)
    throw new StartError(`PostgreSQL ${server.version} is too old: version 15 or newer is needed.`);
  if (!server?.keepsOptions)
    throw new StartError(
      'PostgreSQL does not get the session options that CauseFlow needs: either DATABASE_URL sets `options` itself, or it names a ' +
        'pooler such as PgBouncer, which drops them. Use the address of PostgreSQL itself, without `options`.',
    );
  if (server.schema !== 'public')
    throw new StartError(
      `The search_path of this user in this database leads to ${server.schema ?? 'no schema'}: reset it with ALTER ROLE or ALTER DATABASE. ` +
        'CauseFlow has a database of its own, and its tables are in the schema public.',
    );
}
