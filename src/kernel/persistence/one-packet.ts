import type { Socket } from 'node:net';
import pg, {
  type Client,
  type ClientBase,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg';
import type { DataSource } from 'typeorm';
import type { TenantId } from '../domain/ids.js';
import { asDatabaseError, DatabaseDownError, isOutdatedPlan } from './database-errors.js';

/** The driver sends at once what it is asked; its types do not show the socket. */
type PipelinedClient = ClientBase & { readonly connection: { readonly stream: Socket } };

/** Named, so that PostgreSQL plans it once for each connection. It answers no row: what comes back is the statement's alone. */
const BIND_TENANTS = {
  name: 'bind-tenants',
  text: `SELECT FROM set_config('app.tenant_ids', $1, true) AS bound WHERE bound IS NULL`,
};

/**
 * The same for a statement with a name. Left to itself PostgreSQL plans it anew each time where the plan for these parameters
 * seems cheaper, and to plan a look at the partitions of the log takes five times as long as the look.
 */
const BIND_AND_PLAN_ONCE = {
  name: 'bind-tenants-and-plan-once',
  text: `SELECT FROM concat(set_config('app.tenant_ids', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true))
             AS bound WHERE bound IS NULL`,
};

/** The connections that have planned both. */
const planned = new WeakSet<ClientBase>();

/**
 * One statement in a transaction of its own, bound to tenants: one packet there, and one round trip. It is told of when
 * it is committed.
 */
export async function inOnePacket<Row extends QueryResultRow>(
  source: DataSource,
  tenantIds: readonly TenantId[],
  statement: QueryConfig,
): Promise<Row[]> {
  const runner = source.createQueryRunner();
  let client: Client | undefined;
  try {
    client = (await runner.connect()) as Client;
    if (!planned.has(client)) {
      const both = [BIND_TENANTS, BIND_AND_PLAN_ONCE].map((bind) => ({ ...bind, values: [''] }));
      await sendTogether(client, both);
      planned.add(client);
    }
    return await boundTo<Row>(tenantIds, client, statement);
  } catch (thrown) {
    const error = asDatabaseError(thrown);
    if (isOutdatedPlan(thrown)) await client?.end();
    // PostgreSQL says good-bye before it hangs up: nobody shall be given the connection in between.
    else if (error instanceof DatabaseDownError) await client?.query('SELECT').catch(() => undefined);
    // Told from here on instead of from where the driver reads answers, as it does it with promises of its own.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  } finally {
    await runner.release();
  }
}

/**
 * PostgreSQL takes all that comes before one Sync as one transaction, which it commits at the Sync. The driver ends each
 * query with its Sync, so the binding goes out right before the query, without one.
 */
function boundTo<Row extends QueryResultRow>(
  tenantIds: readonly TenantId[],
  client: ClientBase,
  statement: QueryConfig,
): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    // Without values it would be a simple query, which nobody would answer if the binding failed.
    const extended = { ...statement, queryMode: 'extended' };
    const query = new pg.Query<Row>(extended, (error: Error | undefined, answers: unknown) => {
      // Of the binding and of the statement.
      if (!error) resolve((answers as QueryResult<Row>[])[1]?.rows ?? []);
      else reject(error);
    });
    const { submit } = query;
    query.submit = (connection) => {
      connection.stream.cork();
      try {
        const bind = statement.name === undefined ? BIND_TENANTS : BIND_AND_PLAN_ONCE;
        connection.bind({ statement: bind.name, values: [tenantIds.join(',')] }, true);
        connection.execute({}, true);
        return submit.call(query, connection);
      } finally {
        connection.stream.uncork();
      }
    };
    client.query(query);
  });
}

/** Several statements in one packet, on a connection that is pipelined. Throws what failed first. */
export async function sendTogether(
  client: ClientBase,
  statements: readonly QueryConfig[],
): Promise<QueryResult[]> {
  const { stream } = (client as PipelinedClient).connection;
  stream.cork();
  const answers = Promise.allSettled(statements.map((statement) => client.query(statement)));
  stream.uncork();
  return (await answers).map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value;
  });
}
