import { setTimeout as pause } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import { Logger } from '@nestjs/common';
import type { DataSource, QueryRunner } from 'typeorm';
import type { TenantId } from '../../domain/ids.js';
import type { UnitOfWork } from '../../persistence/unit-of-work.js';
import type { CommittedEvents } from '../committed-events.js';
import type { EventLog } from '../event-log.js';
import type { LoggedEvent } from '../logged-event.js';
import { payloadOf, subjectOf } from './event-message.js';

const TENANTS_A_PASS = 16;
const EVENTS_A_PAGE = 256;
const STRAGGLERS = 1_000;
const LOOK_AROUND_MS = 5_000;
const ACKNOWLEDGED_WITHIN_MS = 2_000;
const AFTER_A_FAILURE_MS = 1_000;

export interface PublisherParts {
  readonly source: DataSource;
  readonly unitOfWork: UnitOfWork;
  readonly eventLog: EventLog;
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
    this.stopListening = parts.committed.onGrowth((tenantIds) => this.wake(tenantIds));
    this.lookAround = setInterval(() => void this.findStragglers(), LOOK_AROUND_MS);
    void this.findStragglers();
  }

  async stop(): Promise<void> {
    this.stopListening();
    clearInterval(this.lookAround);
    this.stopping.abort();
    await this.running;
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
    const claim = this.parts.source.createQueryRunner();
    try {
      await claim.startTransaction();
      const behind = (await claim.query('SELECT tenant_id, published FROM claim_streams_unpublished($1)', [
        candidates,
      ])) as { tenant_id: TenantId; published: string }[];
      const moves = await Promise.all(
        behind.map(({ tenant_id, published }) => this.moveOn(tenant_id, Number(published))),
      );
      await remember(claim, moves);
      await claim.commitTransaction();
      const failed = moves.find(({ failure }) => failure !== undefined);
      if (failed) throw failed.failure;
    } catch (error) {
      if (claim.isTransactionActive) await claim.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await claim.release();
    }
  }

  private async moveOn(tenantId: TenantId, published: number): Promise<Move> {
    const events = await this.parts.eventLog.page(tenantId, published, EVENTS_A_PAGE);
    // Sent one after the other without waiting in between, so that they lie in the stream in their order.
    const outcomes = await Promise.allSettled(events.map((event) => this.publish(event)));
    const failedAt = outcomes.findIndex(({ status }) => status === 'rejected');
    const taken = failedAt === -1 ? events : events.slice(0, failedAt);
    this.parts.countPublished(taken.length);
    if (events.length === EVENTS_A_PAGE) this.grown.add(tenantId);
    const failed = outcomes[failedAt];
    return {
      tenantId,
      upTo: taken.at(-1)?.seq ?? published,
      failure: failed?.status === 'rejected' ? (failed.reason as unknown) : undefined,
    };
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

/** How far a tenant's log has come. */
interface Move {
  readonly tenantId: TenantId;
  readonly upTo: number;
  readonly failure: unknown;
}

/** Not flushed to disk: a place that a crash takes back is published again, and JetStream drops what it has. */
async function remember(claim: QueryRunner, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  const tenantIds = moves.map(({ tenantId }) => tenantId);
  await claim.query(
    `SELECT set_config('app.tenant_ids', $1, true), set_config('synchronous_commit', 'off', true)`,
    [tenantIds.join(',')],
  );
  await claim.query(
    `INSERT INTO event_publications AS p (tenant_id, published) SELECT * FROM unnest($1::text[], $2::bigint[])
     ON CONFLICT (tenant_id) DO UPDATE SET published = greatest(p.published, excluded.published)`,
    [tenantIds, moves.map(({ upTo }) => upTo)],
  );
}
