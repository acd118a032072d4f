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
import { GrownLogs, LOGS_A_PASS } from './grown-logs.js';

/** Shared by the tenants of a pass: one alone gets large batches, many together do not crowd each other out. */
const EVENTS_A_PASS = 4_096;
const EVENTS_A_TENANT = 1_024;
const LONGEST_REST_MS = 50;

/**
 * Hands committed events to their handlers: each tenant's in the order of its log, different tenants side by side, on
 * whichever replica claims them first. An event is relayed at least once; `Once` makes its effect happen exactly once.
 * A handler that fails does not hold the others up: its event comes again as a job, with growing pauses.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(Relay.name);
  private grown: GrownLogs | undefined;

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
    this.grown = new GrownLogs(
      {
        log: this.log,
        findBehind: 'streams_behind',
        moveOn: (tenantIds) => this.pass(tenantIds),
        complaint: 'Events cannot be relayed; they wait in their logs',
      },
      this.unitOfWork,
      this.committed,
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.grown?.stop();
  }

  /** Rests as long as it worked: under load twice as many events go in a pass, and a pass costs the same for few. */
  private async pass(candidates: readonly TenantId[]): Promise<TenantId[]> {
    const begun = performance.now();
    const unfinished = await this.moveAllOn(candidates);
    if (unfinished.length === 0 && candidates.length < LOGS_A_PASS)
      await sleep(Math.min(performance.now() - begun, LONGEST_REST_MS));
    return unfinished;
  }

  private async moveAllOn(candidates: readonly TenantId[]): Promise<TenantId[]> {
    const claim = this.source.createQueryRunner();
    try {
      await claim.startTransaction();
      const behind = (await claim.query('SELECT tenant_id, relayed FROM claim_streams_behind($1)', [
        candidates,
      ])) as { tenant_id: TenantId; relayed: string }[];
      const most = Math.min(EVENTS_A_TENANT, Math.floor(EVENTS_A_PASS / behind.length));
      const unfinished = await Promise.all(
        behind.map(async ({ tenant_id, relayed }) => {
          const isAll = await this.moveOn(tenant_id, Number(relayed), most).catch((error: unknown) => {
            // The others go on, and the claim holds until they have.
            this.log.error(error, `The relay stumbled in the log of ${tenant_id}; its next look tries again`);
            return true;
          });
          return isAll ? [] : [tenant_id];
        }),
      );
      await claim.commitTransaction();
      return unfinished.flat();
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
    const events = logged.flatMap((event) => this.catalogue.revive(event) ?? []);
    const failures = (await this.bus.publishAll(events)) as unknown as HandlerFailure[];
    if (failures.length > 0) await this.deliverLater(tenantId, failures);
    await this.unitOfWork.query(tenantId, MOVE_ON, [tenantId, last.seq]);
    return logged.length < most;
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
