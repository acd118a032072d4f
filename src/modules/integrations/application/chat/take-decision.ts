import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { ChatDecisions, type Delivery, type IngestEndpoint } from '../../api.js';
import { Integrations } from '../../domain/integrations.js';
import { providerNamed } from '../../providers/registry.js';
import { Connections } from '../connections/connections.js';
import { DecideInChat } from './decide-in-chat.js';
import { lenientBody } from '../webhooks/lenient-body.js';

/** Authenticates a request of a chat, and passes on the decision in it, if there is one. */
@Injectable()
export class TakeDecision extends ChatDecisions {
  constructor(
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly decideInChat: DecideInChat,
    private readonly clock: Clock,
  ) {
    super();
  }

  async take({ tenantId, provider, integrationId }: IngestEndpoint, delivery: Delivery): Promise<boolean> {
    const { decisions, webhooks } = providerNamed(provider);
    if (!decisions) return false;
    // Read from the table: the endpoint comes from a cache, which may not know that the integration is new or gone.
    const integration =
      integrationId === null ? undefined : await this.integrations.find(tenantId, integrationId);
    const connection = integration && this.connections.of(integration).connection;
    if (!connection || webhooks?.verify(connection, delivery, this.clock.now()) !== true)
      throw new Refusal('invalid_signature', 'The signature of the sender is not valid.');
    const decision = decisions.read(lenientBody(delivery, webhooks.mediaTypes));
    if (decision)
      await this.decideInChat.execute(
        integration,
        decision,
        decisions.userOf(connection.config, decision.person),
      );
    return true;
  }
}
