import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TenantId } from '../domain/ids.js';
import { CommittedEvents } from '../events/committed-events.js';
import { inOnePacket } from './one-packet.js';
import type { Statement } from './unit-of-work.js';

/**
 * One statement for rows of many tenants, in one transaction. Row-level security shows the rows of exactly these tenants.
 * The statement appends its events itself, as its last step; see `append_events`.
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

  read<Row extends object>(
    tenantIds: readonly TenantId[],
    statement: Statement,
    parameters: readonly unknown[],
  ): Promise<Row[]> {
    return inOnePacket<Row>(this.source, tenantIds, { ...statement, values: [...parameters] });
  }
}
