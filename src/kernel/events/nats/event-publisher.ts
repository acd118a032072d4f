import { JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { InvalidArgumentError } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import type { TenantId } from '../../domain/ids.js';
import type { UnitOfWork } from '../../persistence/unit-of-work.js';
import type { CommittedEvents } from '../committed-events.js';
import type { Metrics } from '../../metrics/metrics.js';
import { GrownLogs } from '../grown-logs.js';
import type { Ending, Turns } from '../log-follower.js';
import type { LoggedEvent } from '../logged-event.js';
import { payloadOf, subjectOf } from './event-message.js';
import { EVENTS_A_PAGE, Publications } from './publications.js';

const LOGS_A_PASS = 16;
const LOGS_ASIDE = 8;
const ACKNOWLEDGED_WITHIN_MS = 2_000;
/** What JetStream says of a message that is larger than its stream takes. */
const TOO_LARGE_FOR_STREAM = 10_054;

export interface PublisherParts {
  readonly databaseUrl: string;
  readonly unitOfWork: UnitOfWork;
  readonly committed: CommittedEvents;
  readonly metrics: Metrics;
  readonly countPublished: (events: number) => void;
}

/**
 * Publishes committed events from the log, each tenant's in its order, whichever replica claims the tenant first. The
 * position moves after JetStream has acknowledged, so a crash repeats events and never leaves any out. While JetStream
 * does not take them the position stays, and nobody else waits for that: no other part of the program, and no other tenant.
 */
export class EventPublisher {
  private readonly publications: Publications;
  private readonly grown: GrownLogs;

  constructor(
    private readonly parts: PublisherParts,
    private readonly jetStream: JetStreamClient,
  ) {
    this.publications = new Publications(parts.databaseUrl);
    this.grown = new GrownLogs(
      {
        name: 'publisher',
        log: new Logger(EventPublisher.name),
        findBehind: 'streams_unpublished',
        logsAPass: LOGS_A_PASS,
        logsAside: LOGS_ASIDE,
        longestRestMs: 0,
        begin: (tenantIds) => this.begin(tenantIds),
        end: (endings) => this.publications.remember(endings),
        complaint: 'Events cannot be published to NATS; they wait in PostgreSQL',
      },
      parts.unitOfWork,
      parts.committed,
      parts.metrics,
    );
  }

  async stop(): Promise<void> {
    await this.grown.stop();
    await this.publications.end();
  }

  private async begin(candidates: readonly TenantId[]): Promise<Turns> {
    const pages = [...(await this.publications.claim(candidates))];
    return {
      events: pages.reduce((events, [, page]) => events + page.length, 0),
      endings: new Map(pages.map(([tenantId, page]) => [tenantId, this.publishAll(page)])),
    };
  }

  /** Up to the first that was not taken. */
  private async publishAll(events: readonly LoggedEvent[]): Promise<Ending> {
    // Sent one after the other without waiting in between, so that they lie in the stream in their order.
    const outcomes = await Promise.allSettled(events.map((event) => this.publish(event)));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    const taken = failure ? outcomes.indexOf(failure) : events.length;
    this.parts.countPublished(taken);
    const place = events[taken - 1]?.seq;
    if (failure) return { place, hasMore: true, failure: failure.reason as unknown };
    return { place, hasMore: events.length === EVENTS_A_PAGE };
  }

  private async publish(event: LoggedEvent): Promise<void> {
    try {
      await this.jetStream.publish(subjectOf(event), payloadOf(event), {
        msgID: event.id,
        timeout: ACKNOWLEDGED_WITHIN_MS,
        retries: 1,
      });
    } catch (error) {
      // One that NATS would never take is left out; whoever follows sees the gap and reads it from PostgreSQL.
      if (!isTooLarge(error)) throw error;
    }
  }
}

/** For the server, whose limit counts the headers, too, or for the stream, if its operator gave it a limit. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === TOO_LARGE_FOR_STREAM;
  return error instanceof InvalidArgumentError && error.message.includes('max_payload');
}
