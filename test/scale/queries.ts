import pg from 'pg';
import { PLANNING } from '#kernel/persistence/data-source';
import type { TestDatabase } from '../support/database.js';
import type { TestServer } from '../support/server.js';

/** As the server sent it. */
export interface Query {
  readonly sql: string;
  readonly parameters: unknown[];
  /** Whether it has a name, under which PostgreSQL keeps one plan for all parameters. */
  readonly isPlannedOnce: boolean;
}

/** A node of what EXPLAIN answers. */
export interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: Plan[];
}

interface Explained {
  readonly 'QUERY PLAN': [{ Plan: Plan }];
}

/** The queries that server-that-tells-its-queries.mjs has told of since its log was so long. */
export function toldSince(server: TestServer, mark: number): Query[] {
  // The last line may still be on its way.
  const lines = server.log.slice(mark).split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('query '))
    .map((line) => JSON.parse(line.slice('query '.length)) as Query);
}

/** A transaction as the application has it, under its role and bound to a tenant. Nothing of it stays. */
export async function asApplication<T>(
  database: TestDatabase,
  tenantId: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: database.url,
    options: `-c role=causeflow_app ${PLANNING}`,
  });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('app.tenant_ids', $1, true)`, [tenantId]);
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The plan it is run by; with `ANALYZE`, the one for these parameters. */
export async function explain(
  client: pg.Client,
  { sql, parameters, isPlannedOnce }: Query,
  analyze?: 'ANALYZE',
): Promise<Plan[]> {
  const { rows } =
    isPlannedOnce && !analyze
      ? await client.query<Explained>(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`)
      : await client.query<Explained>(
          `EXPLAIN (${analyze ? 'ANALYZE, ' : ''}FORMAT JSON) ${sql}`,
          parameters,
        );
  return rows.map((row) => row['QUERY PLAN'][0].Plan);
}
