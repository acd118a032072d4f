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
import { byTenant } from '../domain/by-tenant.js';
import type { TenantId } from '../domain/ids.js';
import { Jobs } from '../jobs/jobs.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { inTransaction } from '../persistence/in-transaction.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { HandlerFailure } from './awaiting-publisher.js';
import { CommittedEvents } from './committed-events.js';
import type { DomainEvent } from './define-event.js';
import { EventCatalogue } from './event-catalogue.js';
import { EventLog } from './event-log.js';
import { GrownLogs } from './grown-logs.js';
import type { LoggedEvent } from './logged-event.js';
import { toldFailures } from './told-failures.js';

const LOGS_A_PASS = 64;
/** Shared by the tenants of a pass: one alone gets large batches, and of many together none gets very small ones. */
const EVENTS_A_PASS = 4_096;
const EVENTS_A_TENANT = { least: 256, most: 1_024 };
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
    private readonly batches: BatchWriter,
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
        logsAPass: LOGS_A_PASS,
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

  /** The claim holds as long as its transaction. */
  private moveAllOn(candidates: readonly TenantId[]): Promise<TenantId[]> {
    return inTransaction(this.source, async (claim) => {
      const behind = (await claim.query('SELECT tenant_id, relayed FROM claim_streams_behind($1)', [
        candidates,
      ])) as { tenant_id: TenantId; relayed: string }[];
      const share = Math.floor(EVENTS_A_PASS / behind.length);
      const most = Math.max(EVENTS_A_TENANT.least, Math.min(EVENTS_A_TENANT.most, share));
      const places = new Map(behind.map(({ tenant_id, relayed }) => [tenant_id, Number(relayed)]));
      const pages = places.size === 0 ? [] : [...(await this.eventLog.pages(places, most))];
      const stumbled = await this.tell(pages.flatMap(([, logged]) => logged));
      const told = pages.flatMap(([tenantId, logged]) => {
        const last = stumbled.has(tenantId) ? undefined : logged.at(-1);
        return last ? [{ tenantId, place: last.seq, isAll: logged.length < most }] : [];
      });
      await this.remember(new Map(told.map(({ tenantId, place }) => [tenantId, place])));
      return told.filter(({ isAll }) => !isAll).map(({ tenantId }) => tenantId);
    });
  }

  /** @returns the tenants who cannot be moved on, since it could not be written down what they are owed */
  private async tell(logged: readonly LoggedEvent[]): Promise<Set<TenantId>> {
    const events = logged.flatMap((event) => this.catalogue.revive(event) ?? []);
    const failures = (await this.bus.publishAll(events)) as unknown as HandlerFailure[];
    const stumbled = new Set<TenantId>();
    await Promise.all(
      [...byTenant(failures)].map(async ([tenantId, own]) => {
        try {
          await this.deliverLater(tenantId, own);
        } catch (error) {
          // The others go on, and the claim holds until they have.
          this.log.error(error, `The relay stumbled in the log of ${tenantId}; its next look tries again`);
          stumbled.add(tenantId);
        }
      }),
    );
    return stumbled;
  }

  /** Whoever appends to one of the logs at the moment is waited for one by one, so that no other log is held meanwhile. */
  private async remember(places: ReadonlyMap<TenantId, number>): Promise<void> {
    if (places.size === 0) return;
    const moved = await this.batches.read<{ tenant_id: TenantId }>([...places.keys()], MOVE_ON_IF_FREE, [
      [...places.keys()],
      [...places.values()],
    ]);
    const free = new Set(moved.map(({ tenant_id }) => tenant_id));
    const others = [...places].filter(([tenantId]) => !free.has(tenantId));
    await Promise.all(
      others.map(([tenantId, place]) => this.unitOfWork.query(tenantId, MOVE_ON, [tenantId, place])),
    );
  }

  private async deliverLater(tenantId: TenantId, failures: readonly HandlerFailure[]): Promise<void> {
    for (const { error, sentence } of toldFailures(failures)) this.log.error(error, sentence);
    const owed = failures.flatMap(({ handler, events }) => events.map(({ seq }) => ({ handler, seq })));
    await this.unitOfWork.run(tenantId, async () => {
      await this.unitOfWork.query(tenantId, OWE, [
        tenantId,
        owed.map(({ handler }) => handler),
        owed.map(({ seq }) => seq),
      ]);
      await this.jobs.enqueue(
        tenantId,
        owed.map((payload) => ({ name: 'redeliver-event', payload })),
      );
    });
  }
}

/** Before the relay moves on: what it has passed and nobody is owed counts as handled. */
const OWE = `
  INSERT INTO owed_events (tenant_id, handler, seq) SELECT $1, * FROM unnest($2::text[], $3::bigint[])
  ON CONFLICT DO NOTHING`;

/** A transaction of its own, since appenders wait for this row, and not flushed: what a crash takes back is relayed again. */
const UNFLUSHED = `(SELECT set_config('synchronous_commit', 'off', true)) AS unflushed`;

const MOVE_ON = `UPDATE event_stream SET relayed = $2 FROM ${UNFLUSHED} WHERE tenant_id = $1`;

const MOVE_ON_IF_FREE = {
  text: `
  WITH free AS MATERIALIZED (
    SELECT s.tenant_id, t.place FROM unnest($1::text[], $2::bigint[]) AS t (tenant_id, place)
      JOIN event_stream s USING (tenant_id) FOR NO KEY UPDATE OF s SKIP LOCKED
  )
  UPDATE event_stream s SET relayed = free.place FROM free, ${UNFLUSHED} WHERE s.tenant_id = free.tenant_id
  RETURNING s.tenant_id`,
};
