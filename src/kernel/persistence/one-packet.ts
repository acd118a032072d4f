import type { Socket } from 'node:net';
import type { ClientBase, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import type { DataSource } from 'typeorm';
import type { TenantId } from '../domain/ids.js';

/** The driver sends at once what it is asked; its types do not show the socket. */
type PipelinedClient = ClientBase & { readonly connection: { readonly stream: Socket } };

/** Named, so that PostgreSQL plans it once for each connection. */
const BIND_TENANTS = {
  name: 'bind-tenants',
  text: `SELECT set_config('app.tenant_ids', $1, true)`,
};

/** One statement in a transaction of its own, bound to tenants: one packet there, and one round trip. */
export async function inOnePacket<Row extends QueryResultRow>(
  source: DataSource,
  tenantIds: readonly TenantId[],
  statement: QueryConfig,
): Promise<Row[]> {
  const runner = source.createQueryRunner();
  try {
    const client = (await runner.connect()) as PipelinedClient;
    const { stream } = client.connection;
    stream.cork();
    const answers = Promise.allSettled([
      client.query('BEGIN'),
      client.query({ ...BIND_TENANTS, values: [tenantIds.join(',')] }),
      client.query<Row>(statement),
      // After a failure it rolls back.
      client.query('COMMIT'),
    ]);
    stream.uncork();
    const failed = (await answers).find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    return ((await answers)[2] as PromiseFulfilledResult<QueryResult<Row>>).value.rows;
  } finally {
    await runner.release();
  }
}
