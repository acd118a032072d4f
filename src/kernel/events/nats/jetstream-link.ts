import { setTimeout as pause } from 'node:timers/promises';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import type { NatsConfig } from '../../config/nats-config.js';
import type { CommittedEvents } from '../committed-events.js';
import { EventPublisher, type PublisherParts } from './event-publisher.js';
import { ensureStream } from './event-stream.js';
import { EventTail } from './event-tail.js';

const RETRY_AFTER_MS = 1_000;

export interface LinkParts {
  readonly committed: CommittedEvents;
  /** Undefined if this replica does not publish. */
  readonly publisher: PublisherParts | undefined;
  /** Undefined if this replica serves no streams. */
  readonly countReceived: ((events: number) => void) | undefined;
}

/** The connection to NATS. It is retried until the server is reachable, at the start and later; nothing else waits for it. */
export class JetStreamLink {
  private readonly log = new Logger(JetStreamLink.name);
  private readonly stopping = new AbortController();
  private connection: NatsConnection | undefined;
  private publisher: EventPublisher | undefined;
  private tail: EventTail | undefined;

  constructor(
    private readonly config: NatsConfig,
    private readonly parts: LinkParts,
  ) {
    void this.begin();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.publisher?.stop(), this.tail?.stop()]);
    await this.connection?.close();
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async begin(): Promise<void> {
    for (let isLogged = false; !this.isStopped(); isLogged = true) {
      try {
        await this.connect();
        this.log.log('Events go through NATS');
        return;
      } catch (error) {
        await this.connection?.close();
        if (!isLogged && !this.isStopped())
          this.log.warn(error, 'NATS is unreachable; events go through PostgreSQL until it is back');
      }
      await pause(RETRY_AFTER_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async connect(): Promise<void> {
    const { servers, tls, user, password } = this.config;
    this.connection = await connect({
      servers: [...servers],
      name: 'causeflow',
      ...(user !== undefined && (password === undefined ? { token: user } : { user, pass: password })),
      ...(tls && { tls: {} }),
      timeout: 2_000,
      pingInterval: 5_000,
      maxPingOut: 2,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      // Refused credentials may be accepted later: an operator changes a password on one side first.
      ignoreAuthErrorAbort: true,
    });
    const manager = await jetstreamManager(this.connection, { timeout: 2_000 });
    await ensureStream(manager, this.config);
    if (this.isStopped()) throw new Error('stopping');
    const client = jetstream(this.connection);
    const { committed, publisher, countReceived } = this.parts;
    if (publisher) this.publisher = new EventPublisher(publisher, client);
    if (countReceived) this.tail = new EventTail(this.config, committed, countReceived, client, manager);
  }
}
