import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Jobs } from '#kernel/jobs/jobs';
import { type ChatKey, ChatMessages, type Occasion } from '../../domain/chat-messages.js';
import { sendMessageJob } from './send-message-job.js';

/** Puts a message behind those that wait. */
@Injectable()
export class RequestMessage {
  constructor(
    private readonly messages: ChatMessages,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** Joins the transaction of the occasion. */
  async execute(through: ChatKey, { event, ...more }: Occasion): Promise<void> {
    const occasion = { event: { type: event.type, data: event.data }, ...more };
    await this.messages.add(through, occasion, this.clock.now());
    await this.jobs.enqueue(through.tenantId, sendMessageJob(through));
  }
}
