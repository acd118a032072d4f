import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from '../jobs/job-handler.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { AwaitingPublisher } from './awaiting-publisher.js';
import { EventCatalogue } from './event-catalogue.js';
import { EventLog } from './event-log.js';

/** Delivers an event again to a handler that failed on it. */
@Injectable()
@JobHandler('redeliver-event')
export class RedeliverEvent {
  constructor(
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly publisher: AwaitingPublisher,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  async run({ tenantId, payload: { handler, seq } }: Job<{ handler: string; seq: number }>): Promise<void> {
    const [logged] = await this.eventLog.at(tenantId, [seq]);
    const event = logged && this.catalogue.revive(logged);
    if (event) await this.publisher.redeliver(handler, event);
    await this.unitOfWork.query(
      tenantId,
      'DELETE FROM owed_events WHERE tenant_id = $1 AND handler = $2 AND seq = $3',
      [tenantId, handler, seq],
    );
  }
}
