import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { InvalidArgumentError } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import type { TenantId } from '../../domain/ids.js';
import type { Metrics } from '../../metrics/metrics.js';
import type { Database } from '../../persistence/database.js';
import type { UnitOfWork } from '../../persistence/unit-of-work.js';
import type { CommittedEvents } from '../committed-events.js';
import type { TurnResult, Turns } from '../log-consumer.js';
import type { LoggedEvent } from '../logged-event.js';
import { TurnScheduler } from '../turn-scheduler.js';
import { payloadOf, subjectOf } from './event-message.js';
import { EVENTS_PER_PAGE, Publications } from './publications.js';

const TENANTS_PER_PASS = 16;
const MAX_ALONE = 8;
const ACK_TIMEOUT_MS = 2_000;
/** JetStream's error code for a message that exceeds the stream's maximum message size. */
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;

export interface PublisherParts {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly committed: CommittedEvents;
  readonly metrics: Metrics;
  readonly countPublished: (events: number) => void;
}

/**
 * Publishes committed events from the log to JetStream, each tenant's in order, on whichever replica claims the tenant first.
 * The position moves after JetStream's acknowledgement, so a crash repeats events and never skips any. While JetStream
 * refuses a tenant's events its position stays; no other tenant and no other part of the program waits for it.
 */
export class EventPublisher {
  private readonly publications: Publications;
  private readonly scheduler: TurnScheduler;

  constructor(
    private readonly parts: PublisherParts,
    private readonly jetStream: JetStreamClient,
  ) {
    this.publications = new Publications(parts.database);
    this.scheduler = new TurnScheduler(
      {
        name: 'publisher',
        log: new Logger(EventPublisher.name),
        findLagging: 'streams_unpublished',
        tenantsPerPass: TENANTS_PER_PASS,
        maxAlone: MAX_ALONE,
        maxRestMs: 0,
        startTurns: (tenantIds) => this.startTurns(tenantIds),
        finishTurns: (results) => this.publications.storePositions(results),
        failureMessage: 'Events cannot be published to NATS; they wait in PostgreSQL',
      },
      parts.unitOfWork,
      parts.committed,
      parts.metrics,
    );
  }

  async stop(): Promise<void> {
    await this.scheduler.stop();
    await this.publications.end();
  }

  private async startTurns(candidates: readonly TenantId[]): Promise<Turns> {
    const pages = [...(await this.publications.claim(candidates))];
    return {
      events: pages.reduce((events, [, page]) => events + page.length, 0),
      results: new Map(pages.map(([tenantId, page]) => [tenantId, this.publishAll(page)])),
    };
  }

  /** The position moves up to the first event that JetStream did not accept. */
  private async publishAll(events: readonly LoggedEvent[]): Promise<TurnResult> {
    // Sent in order without waiting for the acknowledgements, so that the stream holds them in order.
    const outcomes = await Promise.allSettled(events.map((event) => this.publish(event)));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    const accepted = failure ? outcomes.indexOf(failure) : events.length;
    this.parts.countPublished(accepted);
    const position = events[accepted - 1]?.seq;
    if (failure) return { position, hasMore: true, failure: failure.reason as unknown };
    return { position, hasMore: events.length === EVENTS_PER_PAGE };
  }

  private async publish(event: LoggedEvent): Promise<void> {
    try {
      await this.jetStream.publish(subjectOf(event), payloadOf(event), {
        msgID: event.id,
        timeout: ACK_TIMEOUT_MS,
        retries: 1,
      });
    } catch (error) {
      // NATS would never accept it, so it is skipped; consumers see the gap and read the event from PostgreSQL.
      if (!isTooLarge(error)) throw error;
    }
  }
}

/** Larger than the server's `max_payload`, which includes the headers, or than the limit that the operator set on the stream. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === MESSAGE_EXCEEDS_MAXIMUM;
  return error instanceof InvalidArgumentError && error.message.includes('max_payload');
}
