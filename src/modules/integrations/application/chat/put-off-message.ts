import { Injectable, Logger } from '@nestjs/common';
import type { SealedTextError } from '#kernel/crypto/sealed-text';
import { Clock } from '#kernel/domain/clock';
import { lenientText } from '#kernel/domain/lenient-text';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type ChatMessage, ChatMessages } from '../../domain/chat-messages.js';
import type { Integration } from '../../domain/integration.js';
import { ProviderError } from '../../providers/provider.js';
import { HoldMessages } from './hold-messages.js';
import { sendMessageJob } from './send-message-job.js';
import { waitOf } from './wait-of.js';

/** Of a message that the chat refuses, and for which the others do not wait. */
const MAX_DELAY_SECONDS = 900;
/** Of all messages, unless the chat says how long: it may be back, or its settings may be corrected. */
const MAX_HOLD_SECONDS = 60;

/** Has a message tried again later: alone if the chat refuses this one, otherwise with all that wait behind it. */
@Injectable()
export class PutOffMessage {
  private readonly log = new Logger(PutOffMessage.name);

  constructor(
    private readonly messages: ChatMessages,
    private readonly holdMessages: HoldMessages,
    private readonly jobs: Jobs,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async execute(
    integration: Integration,
    message: ChatMessage,
    error: ProviderError | SealedTextError,
  ): Promise<void> {
    const { tenantId, integrationId } = integration;
    if (message.tries === 0)
      this.log.warn(`A message through ${integrationId} is not sent: ${error.message} It is sent again`);
    const failure = lenientText(error.message, 500);
    const now = this.clock.now();
    const wait = waitOf(error, now);
    const isRefusal = error instanceof ProviderError && error.isRefusal;
    const backOff = Math.min(2 ** (message.tries + 1), isRefusal ? MAX_DELAY_SECONDS : MAX_HOLD_SECONDS);
    const later = new Date(now.getTime() + Math.max(wait ?? 0, backOff) * 1000);
    await this.unitOfWork.run(tenantId, async () => {
      await this.messages.failed(integration, message, failure, isRefusal ? later : null);
      if (isRefusal) await this.jobs.enqueue(tenantId, sendMessageJob(integration, { runAt: later }));
      else await this.holdMessages.execute(integration, later, { isBusy: wait !== undefined });
    });
  }
}
