import { Injectable } from '@nestjs/common';
import { type Chore, Daily } from '#kernel/jobs/daily';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Gives back the storage of months that no tenant wants to replay any more. */
@Injectable()
@Daily('drop-old-events')
export class DropOldEvents implements Chore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async run(): Promise<void> {
    await this.unitOfWork.lookUp('SELECT drop_events_before(oldest_event_wanted())');
  }
}
