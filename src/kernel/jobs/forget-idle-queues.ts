import { Injectable } from '@nestjs/common';
import { makeWorkerUtils } from 'graphile-worker';
import { Database } from '../persistence/database.js';
import { type Chore, Daily } from './daily.js';

/** Deletes the queues in which no job is left: graphile-worker keeps a row for each name that ever had one. */
@Injectable()
@Daily('forget-idle-queues')
export class ForgetIdleQueues implements Chore {
  constructor(private readonly database: Database) {}

  async run(): Promise<void> {
    const worker = await makeWorkerUtils({ connectionString: this.database.url });
    try {
      await worker.cleanup({ tasks: ['GC_JOB_QUEUES'] });
    } finally {
      await worker.release();
    }
  }
}
