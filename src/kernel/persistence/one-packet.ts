import type { Socket } from 'node:net';
import pg, {
  type Client,
  type ClientBase,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import type { TenantId } from '../domain/ids.js';
import { asDatabaseError, DatabaseDownError, isOutdatedPlan } from './database-errors.js';

/** The types of the driver do not show its socket. */
type PipelinedClient = ClientBase & { readonly connection: { readonly stream: Socket } };

/** A prepared statement, planned once per connection. It returns no rows, so all rows of the response are the statement's. */
const BIND_TENANTS = {
  name: 'bind-tenants',
  text: `SELECT FROM set_config('app.tenant_ids', $1, true) AS bound WHERE bound IS NULL`,
};

/**
 * The same before a prepared statement, with generic plans: by default PostgreSQL plans it again for its parameters when that seems
 * cheaper, and planning a query of the partitioned event log takes five times as long as running it.
 */
const BIND_AND_PLAN_ONCE = {
  name: 'bind-tenants-and-plan-once',
  text: `SELECT FROM concat(set_config('app.tenant_ids', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true))
             AS bound WHERE bound IS NULL`,
};

/** The connections on which both are prepared. */
const planned = new WeakSet<ClientBase>();

/** Runs one statement in its own transaction, bound to tenants, in one packet and one round trip. Resolves once it is committed. */
export function inOnePacket<Row extends QueryResultRow>(
  source: DataSource,
  tenantIds: readonly TenantId[],
  statement: QueryConfig,
): Promise<Row[]> {
  return new PacketPipeline(source).run(tenantIds, statement);
}

/** A connection of the pool, for as long as statements are under way on it. */
interface Lease {
  readonly runner: QueryRunner;
  readonly client: Promise<Client>;
  /** Under way. */
  statements: number;
  /** Including those that ended. */
  total: number;
}

/** Then the pipeline queues for a connection again: in a small pool, others get theirs although it never pauses. */
const STATEMENTS_PER_LEASE = 64;

/**
 * The same for a series of statements on one connection. A statement is sent while the one before it still runs: PostgreSQL starts it
 * right after that one's commit. One that fails does not affect the others; those that come after it take another connection.
 */
export class PacketPipeline {
  private lease: Lease | undefined;

  constructor(private readonly source: DataSource) {}

  async run<Row extends QueryResultRow>(
    tenantIds: readonly TenantId[],
    statement: QueryConfig,
  ): Promise<Row[]> {
    const lease = (this.lease ??= takeConnection(this.source));
    lease.statements += 1;
    lease.total += 1;
    if (lease.total === STATEMENTS_PER_LEASE) this.leave(lease);
    let client: Client | undefined;
    try {
      client = await lease.client;
      return await boundTo<Row>(tenantIds, client, statement);
    } catch (thrown) {
      this.leave(lease);
      const error = asDatabaseError(thrown);
      if (isOutdatedPlan(thrown)) await client?.end();
      // PostgreSQL reports a shutdown before it closes the connection. This query keeps it out of the pool until it is closed.
      else if (error instanceof DatabaseDownError) await client?.query('SELECT').catch(() => undefined);
      // The stack of the caller, instead of the driver's reading loop.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    } finally {
      lease.statements -= 1;
      if (lease.statements === 0) {
        this.leave(lease);
        await lease.runner.release();
      }
    }
  }

  private leave(lease: Lease): void {
    if (this.lease === lease) this.lease = undefined;
  }
}

function takeConnection(source: DataSource): Lease {
  const runner = source.createQueryRunner();
  return { runner, client: prepared(runner), statements: 0, total: 0 };
}

async function prepared(runner: QueryRunner): Promise<Client> {
  const client = (await runner.connect()) as Client;
  if (!planned.has(client)) {
    const both = [BIND_TENANTS, BIND_AND_PLAN_ONCE].map((bind) => ({ ...bind, values: [''] }));
    await sendTogether(client, both);
    planned.add(client);
  }
  return client;
}

/**
 * PostgreSQL runs everything up to a Sync message as one transaction, and commits it at the Sync. The driver ends each query with
 * a Sync, so the binding is sent right before the query, without one.
 */
function boundTo<Row extends QueryResultRow>(
  tenantIds: readonly TenantId[],
  client: ClientBase,
  statement: QueryConfig,
): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    // Without values the driver would send a simple query, which gets no response if the binding fails.
    const extended = { ...statement, queryMode: 'extended' };
    const query = new pg.Query<Row>(extended, (error: Error | undefined, answers: unknown) => {
      // One result for the binding, one for the statement.
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

/** Sends several statements in one packet on a pipelined connection. @throws the first error */
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
