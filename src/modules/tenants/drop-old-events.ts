import { Injectable } from '@nestjs/common';
import { EventPartitions } from '#kernel/events/event-partitions';
import { type Chore, Daily } from '#kernel/jobs/daily';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Drops the partitions of months that are past every tenant's retention period. */
@Injectable()
@Daily('drop-old-events')
export class DropOldEvents implements Chore {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly partitions: EventPartitions,
  ) {}

  async run(): Promise<void> {
    const [row] = await this.unitOfWork.lookUp<{ oldest: Date | null }>(
      'SELECT oldest_event_wanted() AS oldest',
    );
    if (row?.oldest) await this.partitions.dropBefore(row.oldest);
  }
}
