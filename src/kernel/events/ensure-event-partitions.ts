import { Injectable } from '@nestjs/common';
import { type Chore, Daily } from '../jobs/daily.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';

/** Makes room in the event log for the months to come, for a server that runs through them without a restart. */
@Injectable()
@Daily('ensure-event-partitions')
export class EnsureEventPartitions implements Chore {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async run(): Promise<void> {
    await this.unitOfWork.lookUp('SELECT ensure_event_partitions()');
  }
}
