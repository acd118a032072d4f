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
import { eventIn, tenantOf } from './event-message.js';
import { ensureStream } from './event-stream.js';

const MESSAGES_AHEAD = 2_000;
const AFTER_A_FAILURE_MS = 1_000;

/**
 * Follows the stream from its end on, and passes on what comes: an ordered consumer, which JetStream keeps in memory and
 * the client makes anew when it is lost. What it misses all the same, a reader notices by `seq`.
 */
export class EventTail {
  private readonly log = new Logger(EventTail.name);
  private readonly stopping = new AbortController();
  private readonly standstill = new Outage();
  private readonly gibberish = new Outage();
  private messages: ConsumerMessages | undefined;
  /** What came in this turn of the event loop. */
  private came = new Map<TenantId, string[]>();

  constructor(
    private readonly config: NatsConfig,
    private readonly committed: CommittedEvents,
    private readonly countReceived: (events: number) => void,
    private readonly jetStream: JetStreamClient,
    private readonly manager: JetStreamManager,
  ) {
    void this.follow();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.messages?.close();
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async follow(): Promise<void> {
    while (!this.isStopped()) {
      try {
        const { state } = await ensureStream(this.manager, this.config);
        const consumer = await this.jetStream.consumers.get(this.config.stream, {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: state.last_seq + 1,
        });
        this.messages = await consumer.consume({
          max_messages: MESSAGES_AHEAD,
          callback: (message) => this.take(message.subject, message.string()),
        });
        this.standstill.succeeded(() => this.log.log('The NATS stream is followed again'));
        const ended = await this.messages.closed();
        if (ended) throw ended;
      } catch (error) {
        if (this.isStopped()) return;
        this.standstill.failed(() =>
          this.log.warn(error, 'The NATS stream cannot be followed; reading PostgreSQL until it can'),
        );
      }
      await pause(AFTER_A_FAILURE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private take(subject: string, payload: string): void {
    const tenantId = tenantOf(subject);
    if (!tenantId) return;
    if (this.came.size === 0) setImmediate(() => this.passOn());
    const payloads = this.came.get(tenantId);
    if (payloads) payloads.push(payload);
    else this.came.set(tenantId, [payload]);
  }

  private passOn(): void {
    const { came } = this;
    this.came = new Map();
    for (const [tenantId, payloads] of came) {
      this.countReceived(payloads.length);
      this.committed.arrived(tenantId, () => this.read(payloads));
    }
  }

  /** @returns none where one cannot be read: whoever listens misses them, and finds them in PostgreSQL */
  private read(payloads: readonly string[]): LoggedEvent[] {
    try {
      const events = payloads.map(eventIn);
      this.gibberish.succeeded();
      return events;
    } catch (error) {
      this.gibberish.failed(() => this.log.warn(error, 'The NATS stream brings what cannot be read'));
      return [];
    }
  }
}
