import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import type { TenantId } from '../../domain/ids.js';
import type { UnitOfWork } from '../../persistence/unit-of-work.js';
import type { CommittedEvents } from '../committed-events.js';
import type { LoggedEvent } from '../logged-event.js';
import { payloadOf, subjectOf } from './event-message.js';
import { EVENTS_A_PAGE, Publications } from './publications.js';

const TENANTS_A_PASS = 16;
const STRAGGLERS = 1_000;
const LOOK_AROUND_MS = 5_000;
const ACKNOWLEDGED_WITHIN_MS = 2_000;
const AFTER_A_FAILURE_MS = 1_000;

export interface PublisherParts {
  readonly databaseUrl: string;
  readonly unitOfWork: UnitOfWork;
  readonly committed: CommittedEvents;
  readonly countPublished: (events: number) => void;
}

/**
 * Publishes committed events from the log, each tenant's in its order, whichever replica claims the tenant first. The
 * position moves after JetStream has acknowledged, so a crash repeats events and never leaves any out. While JetStream
 * does not take them the position stays, and nobody else waits for that.
 */
export class EventPublisher {
  private readonly log = new Logger(EventPublisher.name);
  private readonly stopping = new AbortController();
  private readonly publications: Publications;
  private readonly grown = new Set<TenantId>();
  private readonly stopListening: () => void;
  private readonly lookAround: NodeJS.Timeout;
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly parts: PublisherParts,
    private readonly jetStream: JetStreamClient,
    private readonly maxPayload: number,
  ) {
    this.publications = new Publications(parts.databaseUrl);
    this.stopListening = parts.committed.onGrowth((tenantIds) => this.wake(tenantIds));
    this.lookAround = setInterval(() => void this.findStragglers(), LOOK_AROUND_MS);
    void this.findStragglers();
  }

  async stop(): Promise<void> {
    this.stopListening();
    clearInterval(this.lookAround);
    this.stopping.abort();
    await this.running;
    await this.publications.end();
  }

  private wake(tenantIds: Iterable<TenantId>): void {
    for (const tenantId of tenantIds) this.grown.add(tenantId);
    if (this.grown.size > 0 && !this.isStopped()) {
      this.running ??= this.run().finally(() => {
        this.running = undefined;
        this.wake([]);
      });
    }
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** The net below the nudges, which can get lost, and what a replica that died left behind. */
  private async findStragglers(): Promise<void> {
    try {
      const rows = await this.parts.unitOfWork.lookUp<{ tenant_id: TenantId }>(
        'SELECT tenant_id FROM streams_unpublished($1)',
        [STRAGGLERS],
      );
      this.wake(rows.map(({ tenant_id }) => tenant_id));
    } catch (error) {
      this.log.warn(error, 'Could not look for unpublished events; the next look tries again');
    }
  }

  private async run(): Promise<void> {
    while (this.grown.size > 0 && !this.isStopped()) {
      const candidates = [...this.grown].slice(0, TENANTS_A_PASS);
      for (const tenantId of candidates) this.grown.delete(tenantId);
      try {
        await this.pass(candidates);
        if (this.failing) this.log.log('Events are published to NATS again');
        this.failing = false;
      } catch (error) {
        for (const tenantId of candidates) this.grown.add(tenantId);
        if (!this.failing)
          this.log.warn(error, 'Events cannot be published to NATS; they wait in PostgreSQL');
        this.failing = true;
        await pause(AFTER_A_FAILURE_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  private async pass(candidates: readonly TenantId[]): Promise<void> {
    const failures: unknown[] = [];
    await this.publications.moveOn(candidates, async (pages) => {
      const places = new Map<TenantId, number>();
      const moveOn = async ([tenantId, events]: [TenantId, LoggedEvent[]]): Promise<void> => {
        const { taken, failure } = await this.publishAll(events);
        const last = events[taken - 1];
        if (last) places.set(tenantId, last.seq);
        if (failure) failures.push(failure.reason);
        else if (events.length === EVENTS_A_PAGE) this.grown.add(tenantId);
      };
      await Promise.all([...pages].map(moveOn));
      return places;
    });
    if (failures.length > 0) throw failures[0];
  }

  /** @returns how many were taken before the first that was not */
  private async publishAll(events: readonly LoggedEvent[]) {
    // Sent one after the other without waiting in between, so that they lie in the stream in their order.
    const outcomes = await Promise.allSettled(events.map((event) => this.publish(event)));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    const taken = failure ? outcomes.indexOf(failure) : events.length;
    this.parts.countPublished(taken);
    return { taken, failure };
  }

  private async publish(event: LoggedEvent): Promise<void> {
    const payload = payloadOf(event);
    // One that NATS would never take is left out; whoever follows sees the gap and reads it from PostgreSQL.
    if (Buffer.byteLength(payload) > this.maxPayload) return;
    await this.jetStream.publish(subjectOf(event), payload, {
      msgID: event.id,
      timeout: ACKNOWLEDGED_WITHIN_MS,
      retries: 1,
    });
  }
}
