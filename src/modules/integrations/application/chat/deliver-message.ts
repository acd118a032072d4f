import { Injectable } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import { type ChatMessage, ChatMessages } from '../../domain/chat-messages.js';
import type { Integration } from '../../domain/integration.js';
import { Outside, ProviderError } from '../../providers/provider.js';
import { ComposeMessage } from './compose-message.js';
import { Connections } from '../connections/connections.js';
import { PutOffMessage } from './put-off-message.js';

/**
 * Sends a message into the thread of its incident, or puts it off. It is sent at least once: when its answer is lost, or the process dies
 * before the answer is stored, it is sent again.
 */
@Injectable()
export class DeliverMessage {
  constructor(
    private readonly messages: ChatMessages,
    private readonly connections: Connections,
    private readonly composeMessage: ComposeMessage,
    private readonly putOffMessage: PutOffMessage,
    private readonly outside: Outside,
  ) {}

  async execute(integration: Integration, message: ChatMessage, signal: AbortSignal): Promise<void> {
    let thread: string | undefined;
    try {
      thread = await this.send(integration, message, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ProviderError || error instanceof SealedTextError)) throw error;
      await this.putOffMessage.execute(integration, message, error);
      return;
    }
    await this.messages.sent(integration, message, thread);
  }

  private async send(
    integration: Integration,
    { occasion, thread }: ChatMessage,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { provider, connection } = this.connections.of(integration);
    const message = await this.composeMessage.execute(integration.tenantId, occasion);
    return provider.messages?.send(connection, message, thread ?? undefined, this.outside, signal);
  }
}
