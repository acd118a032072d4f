import { Injectable } from '@nestjs/common';
import { CONNECTION_OPTIONS } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { onOwnConnection } from '../persistence/own-connection.js';
import { type Chore, Daily } from './daily.js';
import { DELETE_IDLE_QUEUES } from './graphile-internals.js';

/** Deletes the queues without jobs: graphile-worker keeps a row for each queue name ever used. */
@Injectable()
@Daily('forget-idle-queues')
export class ForgetIdleQueues implements Chore {
  constructor(private readonly database: Database) {}

  async run(): Promise<void> {
    const asOwner = {
      ...CONNECTION_OPTIONS,
      connectionString: this.database.url,
      application_name: 'causeflow-idle-queues',
    };
    await onOwnConnection(asOwner, (owner) => owner.query(DELETE_IDLE_QUEUES));
  }
}
