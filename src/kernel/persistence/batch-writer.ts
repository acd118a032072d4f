import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { TenantId } from '../domain/ids.js';
import { CommittedEvents } from '../events/committed-events.js';
import { inOnePacket, PacketPipeline } from './one-packet.js';
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

  /** Of writes of which each is sent while the one before it still runs. */
  pipeline(): PacketPipeline {
    return new PacketPipeline(this.source);
  }

  async write<Row extends object>(
    tenantIds: readonly TenantId[],
    statement: Statement,
    parameters: readonly unknown[],
    pipeline = this.pipeline(),
  ): Promise<Row[]> {
    const rows = await pipeline.run<Row>(tenantIds, { ...statement, values: [...parameters] });
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
