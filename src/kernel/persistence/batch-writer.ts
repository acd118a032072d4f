import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { ClientBase, QueryResult } from 'pg';
import { DataSource } from 'typeorm';
import type { TenantId } from '../domain/ids.js';
import { CommittedEvents } from '../events/committed-events.js';

/** The driver sends at once what it is asked; its types do not show the socket. */
type PipelinedClient = ClientBase & { readonly connection: { readonly stream: Socket } };

/** Named, so that PostgreSQL plans it once for each connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

const BIND_TENANTS: Statement = {
  name: 'bind-tenants',
  text: `SELECT set_config('app.tenant_ids', $1, true)`,
};

/**
 * One statement for rows of many tenants, in one transaction. Row-level security lets through the rows of exactly the
 * tenants named. The statement appends its events itself, as its last act; see `append_events`.
 */
@Injectable()
export class BatchWriter {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    private readonly committed: CommittedEvents,
  ) {}

  async write<Row extends object>(
    tenantIds: readonly TenantId[],
    statement: Statement,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const rows = await this.read<Row>(tenantIds, statement, parameters);
    if (rows.length > 0) this.committed.announce(tenantIds);
    return rows;
  }

  async read<Row extends object>(
    tenantIds: readonly TenantId[],
    statement: Statement,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const runner = this.source.createQueryRunner();
    try {
      const client = (await runner.connect()) as PipelinedClient;
      const { stream } = client.connection;
      stream.cork();
      const answers = Promise.allSettled([
        client.query('BEGIN'),
        client.query({ ...BIND_TENANTS, values: [tenantIds.join(',')] }),
        client.query<Row>({ ...statement, values: [...parameters] }),
        // After a failure it rolls back.
        client.query('COMMIT'),
      ]);
      // Sent together: the whole transaction is one packet there and one round trip.
      stream.uncork();
      const failed = (await answers).find((answer) => answer.status === 'rejected');
      if (failed) throw failed.reason;
      return ((await answers)[2] as PromiseFulfilledResult<QueryResult<Row>>).value.rows;
    } finally {
      await runner.release();
    }
  }
}
