import { Injectable } from '@nestjs/common';
import { JobHandler, type Job } from '../jobs/job-handler.js';
import { AwaitingPublisher } from './awaiting-publisher.js';
import { EventCatalogue } from './event-catalogue.js';
import { EventLog } from './event-log.js';

/** Tells one handler of one event again, after it failed. */
@Injectable()
@JobHandler('redeliver-event')
export class RedeliverEvent {
  constructor(
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly publisher: AwaitingPublisher,
  ) {}

  async run({ tenantId, payload }: Job<{ handler: string; seq: number }>): Promise<void> {
    const [logged] = await this.eventLog.page(tenantId, payload.seq - 1, 1);
    const event = logged?.seq === payload.seq ? this.catalogue.revive(logged) : undefined;
    if (event) await this.publisher.redeliver(payload.handler, event);
  }
}
