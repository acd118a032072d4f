import pg from 'pg';
import { PLANNING } from '#kernel/persistence/data-source';
import type { TestDatabase } from '../support/database.js';
import type { TestServer } from '../support/server.js';

/** A query as the server sent it. */
export interface Query {
  readonly sql: string;
  readonly parameters: unknown[];
  /** Whether it has a name, under which PostgreSQL keeps one plan for all parameters. */
  readonly isPlannedOnce: boolean;
}

/** A node of a plan that EXPLAIN returns. */
export interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'One-Time Filter'?: string;
  readonly 'Actual Loops'?: number;
  readonly Plans?: Plan[];
}

/** The queries that query-logging-server.mjs has logged after an offset of its log. */
export function queriesSince(server: TestServer, mark: number): Query[] {
  // The last line may be incomplete.
  const lines = server.log.slice(mark).split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('query '))
    .map((line) => JSON.parse(line.slice('query '.length)) as Query);
}

/** Runs a transaction with the role of the application and bound to a tenant, and rolls it back. */
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

/** Explains the plan that the server uses. For a named statement, this is the generic plan. */
export async function explain(
  client: pg.Client,
  { sql, parameters, isPlannedOnce }: Query,
  options = 'FORMAT JSON',
): Promise<Plan[]> {
  if (!isPlannedOnce) return explained(client, `EXPLAIN (${options}) ${sql}`, parameters);
  await client.query(`PREPARE logged AS ${sql}`);
  await client.query('SET LOCAL plan_cache_mode = force_generic_plan');
  const values = parameters.map(literal).join(', ');
  const plans = await explained(client, `EXPLAIN (${options}) EXECUTE logged (${values})`);
  await client.query('DEALLOCATE logged');
  return plans;
}

async function explained(client: pg.Client, sql: string, parameters?: unknown[]): Promise<Plan[]> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(sql, parameters);
  return rows.map((row) => row['QUERY PLAN'][0].Plan);
}

/** A number, a string, or an array of them. */
function literal(value: unknown): string {
  if (value === null) return 'NULL';
  if (!Array.isArray(value))
    return pg.escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
  return pg.escapeLiteral(`{${value.map((each) => JSON.stringify(String(each))).join(',')}}`);
}
