import { Injectable } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Integration } from '../../domain/integration.js';
import { Integrations } from '../../domain/integrations.js';
import { Connections } from '../connections/connections.js';
import { sendMessageJob } from './send-message-job.js';

/** Stops the messages of an integration for a while. One job comes afterwards and sends all that waits by then. */
@Injectable()
export class HoldMessages {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly jobs: Jobs,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** @param isBusy whether the chat counts its requests: those of all integrations that share the limit are held */
  async execute(integration: Integration, until: Date, { isBusy }: { isBusy: boolean }): Promise<void> {
    const { tenantId } = integration;
    await this.unitOfWork.run(tenantId, async () => {
      const held = isBusy ? await this.sharing(integration) : [integration];
      const keys = held.map(({ integrationId }) => ({ tenantId, id: integrationId }));
      await this.integrations.changeMany(keys, (each) => {
        each.hold(until);
      });
      const afterwards = held.map((each) => sendMessageJob(each, { goesOn: true, runAt: until }));
      await this.jobs.enqueue(tenantId, afterwards);
    });
  }

  private async sharing(integration: Integration): Promise<Integration[]> {
    const installation = this.installationOf(integration);
    const all = await this.integrations.newestFirst(integration.tenantId);
    return all.filter(
      (each) => each.provider === integration.provider && this.installationOf(each) === installation,
    );
  }

  /** Undefined when its credentials cannot be read: then it sends nothing. */
  private installationOf(integration: Integration): string | undefined {
    try {
      const { provider, connection } = this.connections.of(integration);
      return provider.messages?.installationOf(connection);
    } catch (error) {
      if (error instanceof SealedTextError) return undefined;
      throw error;
    }
  }
}
