import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TenantId } from '../domain/ids.js';
import { CommittedEvents } from '../events/committed-events.js';

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

  async write<Row>(
    tenantIds: readonly TenantId[],
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const rows = await this.read<Row>(tenantIds, sql, parameters);
    if (rows.length > 0) this.committed.announce(tenantIds);
    return rows;
  }

  async read<Row>(
    tenantIds: readonly TenantId[],
    sql: string,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    const runner = this.source.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query(`SELECT set_config('app.tenant_ids', $1, true)`, [tenantIds.join(',')]);
      const rows = (await runner.query(sql, [...parameters])) as Row[];
      await runner.commitTransaction();
      return rows;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}
