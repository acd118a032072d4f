import { Injectable, Logger } from '@nestjs/common';
import { type Job, JobHandler, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { ChatMessages } from '../../domain/chat-messages.js';
import { Integrations } from '../../domain/integrations.js';
import { DeliverMessage } from './deliver-message.js';
import { GiveUpMessages } from './give-up-messages.js';
import { SEND_MESSAGE, type SendMessagePayload, sendMessageJob } from './send-message-job.js';

/**
 * Sends the first message that waits for an integration. Each message has a job, but jobs do not carry them: whichever job comes first
 * sends the message that comes first. The jobs of a tenant run one at a time, so a thread has one beginning.
 */
@Injectable()
@JobHandler(SEND_MESSAGE)
export class SendMessage implements JobRunner<SendMessagePayload> {
  private readonly log = new Logger(SendMessage.name);

  constructor(
    private readonly messages: ChatMessages,
    private readonly integrations: Integrations,
    private readonly deliverMessage: DeliverMessage,
    private readonly giveUpMessages: GiveUpMessages,
    private readonly jobs: Jobs,
  ) {}

  async run({ tenantId, payload, signal }: Job<SendMessagePayload>): Promise<void> {
    const { integrationId, goesOn = false } = payload;
    const through = { tenantId, integrationId };
    const integration = await this.integrations.find(tenantId, integrationId);
    if (!integration) {
      const count = await this.messages.forget(through);
      if (count > 0) this.log.log(`Messages are not sent (${count}): ${integrationId} is disconnected`);
      return;
    }
    await this.giveUpMessages.execute(through);
    const message = await this.messages.next(through);
    if (!message) return;
    await this.deliverMessage.execute(integration, message, signal);
    if (goesOn) await this.jobs.enqueue(tenantId, sendMessageJob(through, { goesOn }));
  }
}
