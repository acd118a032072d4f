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
    const client = (await runner.connect()) as ClientBase;
    const [, , answer] = await sendTogether(client, [
      { text: 'BEGIN' },
      { ...BIND_TENANTS, values: [tenantIds.join(',')] },
      statement,
      // After a failure it rolls back.
      { text: 'COMMIT' },
    ]);
    return (answer as QueryResult<Row>).rows;
  } finally {
    await runner.release();
  }
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
