import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { EventBus } from '@nestjs/cqrs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Config } from '../config/config.js';
import type { TenantId } from '../domain/ids.js';
import { Jobs } from '../jobs/jobs.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { HandlerFailure } from './awaiting-publisher.js';
import { CommittedEvents } from './committed-events.js';
import type { DomainEvent } from './define-event.js';
import { EventCatalogue } from './event-catalogue.js';
import { EventLog } from './event-log.js';

const TENANTS_A_PASS = 16;
/** Shared by the tenants of a pass: one alone gets large batches, many together do not crowd each other out. */
const EVENTS_A_PASS = 4_096;
const EVENTS_A_TENANT = 1_024;
const POLL_MS = 1_000;
const LONGEST_REST_MS = 50;
/** The most tenants one look at all of them brings. */
const STRAGGLERS = 1_000;

/**
 * Hands committed events to their handlers: each tenant's in the order of its log, different tenants side by side, on
 * whichever replica claims them first. An event is relayed at least once; `Once` makes its effect happen exactly once.
 * A handler that fails does not hold the others up: its event comes again as a job, with growing pauses.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(Relay.name);
  /** Whose logs may be ahead of the relay. */
  private readonly grown = new Set<TenantId>();
  private running: Promise<void> | undefined;
  private stopped = false;
  private poll: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(DataSource) private readonly source: DataSource,
    private readonly unitOfWork: UnitOfWork,
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly bus: EventBus<DomainEvent>,
    private readonly jobs: Jobs,
    private readonly committed: CommittedEvents,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.committed.onGrowth((tenantIds) => this.wake(tenantIds));
    this.poll = setInterval(() => void this.findStragglers(), POLL_MS);
    void this.findStragglers();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.poll);
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

  /** The net below the nudges, which can get lost, and what a replica that died left behind. */
  private async findStragglers(): Promise<void> {
    try {
      const behind = await this.unitOfWork.lookUp<{ tenant_id: TenantId }>(
        'SELECT tenant_id FROM streams_behind($1)',
        [STRAGGLERS],
      );
      this.wake(behind.map(({ tenant_id }) => tenant_id));
    } catch (error) {
      if (!this.isStopped())
        this.log.error(error, 'The relay could not look for events; its next look tries again');
    }
  }

  /** Rests as long as it worked: under load twice as many events go in a pass, and a pass costs the same for few. */
  private async run(): Promise<void> {
    try {
      while (this.grown.size > 0 && !this.isStopped()) {
        const begun = performance.now();
        const tookAll = await this.pass();
        if (tookAll) await sleep(Math.min(performance.now() - begun, LONGEST_REST_MS));
      }
    } catch (error) {
      this.log.error(error, 'The relay stumbled and goes on at its next poll');
    }
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  /** @returns whether nothing was left for the next pass when this one began */
  private async pass(): Promise<boolean> {
    const candidates = [...this.grown].slice(0, TENANTS_A_PASS);
    for (const tenantId of candidates) this.grown.delete(tenantId);
    const claim = this.source.createQueryRunner();
    try {
      await claim.startTransaction();
      const behind = (await claim.query('SELECT tenant_id, relayed FROM claim_streams_behind($1)', [
        candidates,
      ])) as { tenant_id: TenantId; relayed: string }[];
      const most = Math.min(EVENTS_A_TENANT, Math.floor(EVENTS_A_PASS / behind.length));
      const moves = behind.map((stream) => this.moveOn(stream.tenant_id, Number(stream.relayed), most));
      const tookAll = (await Promise.all(moves)).every(Boolean);
      await claim.commitTransaction();
      return tookAll && candidates.length < TENANTS_A_PASS;
    } catch (error) {
      if (claim.isTransactionActive) await claim.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await claim.release();
    }
  }

  /** @returns whether that was all there was */
  private async moveOn(tenantId: TenantId, relayed: number, most: number): Promise<boolean> {
    const logged = await this.eventLog.page(tenantId, relayed, most);
    const last = logged.at(-1);
    if (!last) return true;
    const isAll = logged.length < most;
    if (!isAll) this.grown.add(tenantId);
    const events = logged.flatMap((event) => this.catalogue.revive(event) ?? []);
    const failures = (await this.bus.publishAll(events)) as unknown as HandlerFailure[];
    if (failures.length > 0) await this.deliverLater(tenantId, failures);
    await this.unitOfWork.query(tenantId, MOVE_ON, [tenantId, last.seq]);
    return isAll;
  }

  private async deliverLater(tenantId: TenantId, failures: readonly HandlerFailure[]): Promise<void> {
    for (const { handler, events, error } of failures) {
      this.log.error(
        error,
        `${handler} failed on ${events.map(({ id }) => id).join(', ')}; it will be tried again`,
      );
    }
    await this.jobs.enqueue(
      tenantId,
      failures.flatMap(({ handler, events }) =>
        events.map(({ seq }) => ({ name: 'redeliver-event', payload: { handler, seq } })),
      ),
    );
  }
}

/** A transaction of its own, since appenders wait for this row, and not flushed: what a crash takes back is relayed again. */
const MOVE_ON = `
  UPDATE event_stream SET relayed = $2
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS unflushed WHERE tenant_id = $1`;
