import { Injectable } from '@nestjs/common';
import { PATIENCE } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { onOwnConnection } from '../persistence/own-connection.js';
import { type Chore, Daily } from './daily.js';

/**
 * Deletes the queues in which no job is left: graphile-worker keeps a row for each name that ever had one. Its own clean-up
 * does not see a job that is just being put into a queue; without its queue that job would never run.
 */
@Injectable()
@Daily('forget-idle-queues')
export class ForgetIdleQueues implements Chore {
  constructor(private readonly database: Database) {}

  async run(): Promise<void> {
    const asOwner = {
      ...PATIENCE,
      connectionString: this.database.url,
      application_name: 'causeflow-idle-queues',
    };
    await onOwnConnection(asOwner, (owner) => owner.query(FORGET));
  }
}

/**
 * Whoever puts a job in makes its queue first: with both tables locked she has not begun, or is done. Nobody is kept from it for
 * longer than the time-out; then this job fails and is tried again. That is sooner than PostgreSQL looks for a deadlock:
 * whoever ends a job takes the tables the other way round, and is not to be the one that gives way.
 */
const FORGET = `
  BEGIN;
  SET LOCAL lock_timeout = '500ms';
  LOCK TABLE graphile_worker._private_job_queues IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE graphile_worker._private_jobs IN SHARE MODE;
  DELETE FROM graphile_worker._private_job_queues AS queue
   WHERE locked_at IS NULL
     AND NOT EXISTS (SELECT FROM graphile_worker._private_jobs AS job WHERE job.job_queue_id = queue.id);
  COMMIT`;
