import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type ChatKey, ChatMessages, GIVE_UP_AFTER_HOURS } from '../../domain/chat-messages.js';
import { Integrations } from '../../domain/integrations.js';

/** Drops the messages that have waited for too long, and lets the admins know. */
@Injectable()
export class GiveUpMessages {
  private readonly log = new Logger(GiveUpMessages.name);

  constructor(
    private readonly messages: ChatMessages,
    private readonly integrations: Integrations,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async execute(through: ChatKey): Promise<void> {
    const { tenantId, integrationId } = through;
    const now = this.clock.now();
    const before = new Date(now.getTime() - GIVE_UP_AFTER_HOURS * 3_600_000);
    await this.unitOfWork.run(tenantId, async () => {
      const failures = await this.messages.giveUp(through, before);
      if (failures.length === 0) return;
      const why = failures.find((failure) => failure !== null) ?? 'It waited behind others.';
      await this.integrations.change(tenantId, integrationId, (integration) => {
        integration.gaveUp(failures.length, why, now);
      });
      this.log.warn(`Messages through ${integrationId} are given up (${failures.length}): ${why}`);
    });
  }
}
