import { setTimeout as pause } from 'node:timers/promises';
import {
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import type { NatsConfig } from '../../config/nats-config.js';
import type { TenantId } from '../../domain/ids.js';
import { Outage } from '../../log/outage.js';
import type { CommittedEvents } from '../committed-events.js';
import type { LoggedEvent } from '../logged-event.js';
import { parseEvent, tenantOf } from './event-message.js';
import { ensureStream } from './event-stream.js';

const MAX_PREFETCHED_MESSAGES = 2_000;
const RETRY_AFTER_MS = 1_000;

/**
 * Reads new messages of the NATS stream and passes on their events. Uses an ordered consumer, which JetStream keeps in memory
 * and the client recreates when it is lost. Feeds detect events that are still missed by a gap in `seq`.
 */
export class EventTail {
  private readonly log = new Logger(EventTail.name);
  private readonly stopping = new AbortController();
  private readonly outage = new Outage();
  private readonly unreadable = new Outage();
  private messages: ConsumerMessages | undefined;
  /** Payloads received in this turn of the event loop. */
  private received = new Map<TenantId, string[]>();

  constructor(
    private readonly config: NatsConfig,
    private readonly committed: CommittedEvents,
    private readonly countReceived: (events: number) => void,
    private readonly jetStream: JetStreamClient,
    private readonly manager: JetStreamManager,
  ) {
    void this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.messages?.close();
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.isStopped()) {
      try {
        const { state } = await ensureStream(this.manager, this.config);
        const consumer = await this.jetStream.consumers.get(this.config.stream, {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: state.last_seq + 1,
        });
        this.messages = await consumer.consume({
          max_messages: MAX_PREFETCHED_MESSAGES,
          callback: (message) => this.receive(message.subject, message.string()),
        });
        void this.closeWhenStreamIsGone(this.messages);
        this.outage.succeeded(() => this.log.log('Reading the NATS stream again'));
        const ended = await this.messages.closed();
        if (ended) throw ended;
      } catch (error) {
        if (this.isStopped()) return;
        this.outage.failed(() =>
          this.log.warn(error, 'The NATS stream cannot be read; reading PostgreSQL until it can'),
        );
      }
      await pause(RETRY_AFTER_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** A NATS server can lose its storage. The client would wait for its stream for ever, which nobody but `ensureStream` creates. */
  private async closeWhenStreamIsGone(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (type !== 'stream_not_found') continue;
      this.log.warn('The NATS stream is gone and is created again');
      await messages.close();
    }
  }

  private receive(subject: string, payload: string): void {
    const tenantId = tenantOf(subject);
    if (!tenantId) return;
    if (this.received.size === 0) setImmediate(() => this.flush());
    const payloads = this.received.get(tenantId);
    if (payloads) payloads.push(payload);
    else this.received.set(tenantId, [payload]);
  }

  private flush(): void {
    const { received } = this;
    this.received = new Map();
    for (const [tenantId, payloads] of received) {
      this.countReceived(payloads.length);
      this.committed.arrived(tenantId, () => this.parse(payloads));
    }
  }

  /** @returns no events if one of them is unreadable: the listeners then read them from PostgreSQL */
  private parse(payloads: readonly string[]): LoggedEvent[] {
    try {
      const events = payloads.map(parseEvent);
      this.unreadable.succeeded();
      return events;
    } catch (error) {
      this.unreadable.failed(() =>
        this.log.warn(error, 'The NATS stream contains a message that is not an event'),
      );
      return [];
    }
  }
}
