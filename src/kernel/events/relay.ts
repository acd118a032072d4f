import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type pg from 'pg';
import { Config } from '../config/config.js';
import type { TenantId } from '../domain/ids.js';
import { Jobs } from '../jobs/jobs.js';
import { Metrics } from '../metrics/metrics.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { Database } from '../persistence/database.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { AwaitingPublisher, type HandlerFailure } from './awaiting-publisher.js';
import { claimingPool } from './claiming-pool.js';
import { CommittedEvents } from './committed-events.js';
import { EventCatalogue } from './event-catalogue.js';
import { EventLog } from './event-log.js';
import { groupFailures } from './failure-groups.js';
import { positionsIn, type TurnResult, type TurnResults, type Turns } from './log-consumer.js';
import type { LoggedEvent } from './logged-event.js';
import { TurnScheduler } from './turn-scheduler.js';

const TENANTS_PER_PASS = 64;
/** Their handlers hold connections of the pool, most of which the other tenants need. */
const MAX_ALONE = 3;
/** The tenants of a pass share this budget: a single tenant gets large batches, and many tenants still get useful ones. */
const EVENTS_PER_PASS = 4_096;
const EVENTS_PER_TENANT = { min: 256, max: 1_024 };
/** Under load a pass after a rest delivers twice as many events, and a pass costs about the same for few events as for many. */
const MAX_REST_MS = 50;

/**
 * Delivers committed events to their handlers: each tenant's in the order of its log, different tenants in parallel, on
 * whichever replica claims the tenant first. An event is relayed at least once; `Once` makes its effect happen exactly once.
 * A failing handler delays no other handler: its event is redelivered as a job, with exponential back-off.
 */
@Injectable()
export class Relay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(Relay.name);
  private scheduler: TurnScheduler | undefined;
  private claims: pg.Pool | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly publisher: AwaitingPublisher,
    private readonly jobs: Jobs,
    private readonly committed: CommittedEvents,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    const claims = claimingPool(this.database, 'causeflow-relay');
    this.claims = claims;
    this.scheduler = new TurnScheduler(
      {
        name: 'relay',
        log: this.log,
        findLagging: 'streams_behind',
        tenantsPerPass: TENANTS_PER_PASS,
        maxAlone: Math.max(1, Math.min(MAX_ALONE, Math.floor(this.config.databasePoolSize / 3))),
        maxRestMs: MAX_REST_MS,
        startTurns: (tenantIds) => this.startTurns(claims, tenantIds),
        finishTurns: (results) => this.finishTurns(claims, results),
        failureMessage: 'Events cannot be relayed; they wait in their logs',
      },
      this.unitOfWork,
      this.committed,
      this.metrics,
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.scheduler?.stop();
    await this.claims?.end();
  }

  private async startTurns(claims: pg.Pool, candidates: readonly TenantId[]): Promise<Turns> {
    const claim = { ...CLAIM, values: [candidates] };
    const { rows } = await claims.query<{ tenant_id: TenantId; relayed: string }>(claim);
    const positions = rows.map(({ tenant_id, relayed }) => ({ tenantId: tenant_id, after: Number(relayed) }));
    if (positions.length === 0) return { events: 0, results: new Map() };
    const share = Math.floor(EVENTS_PER_PASS / positions.length);
    const limit = Math.max(EVENTS_PER_TENANT.min, Math.min(EVENTS_PER_TENANT.max, share));
    try {
      const pages = await this.eventLog.pages(positions, limit);
      const logged = pages.flat();
      const failures = this.publisher.publishEach(
        logged.flatMap((event) => this.catalogue.revive(event) ?? []),
      );
      const results = positions.map(({ tenantId }, at) => {
        const page = pages[at] ?? [];
        return [tenantId, this.turn(tenantId, page, page.length === limit, failures.get(tenantId))] as const;
      });
      return { events: logged.length, results: new Map(results) };
    } catch (error) {
      await release(
        claims,
        positions.map(({ tenantId }) => tenantId),
      );
      throw error;
    }
  }

  private async finishTurns(claims: pg.Pool, results: TurnResults): Promise<void> {
    try {
      await this.storePositions(positionsIn(results));
    } finally {
      await release(claims, [...results.keys()]);
    }
  }

  /** Fails when the failed events cannot be recorded for redelivery: the tenant's position must not pass them. */
  private async turn(
    tenantId: TenantId,
    page: readonly LoggedEvent[],
    hasMore: boolean,
    failures: Promise<HandlerFailure[]> | undefined,
  ): Promise<TurnResult> {
    try {
      const failed = (await failures) ?? [];
      if (failed.length > 0) await this.deliverLater(tenantId, failed);
      return { position: page.at(-1)?.seq, hasMore };
    } catch (failure) {
      return { position: undefined, hasMore, failure };
    }
  }

  /** Rows that are locked by a transaction appending events are updated one by one, so that no other row is locked meanwhile. */
  private async storePositions(positions: ReadonlyMap<TenantId, number>): Promise<void> {
    if (positions.size === 0) return;
    const stored = await this.batches.read<{ tenant_id: TenantId }>(
      [...positions.keys()],
      STORE_POSITIONS_OF_UNLOCKED,
      [[...positions.keys()], [...positions.values()]],
    );
    const unlocked = new Set(stored.map(({ tenant_id }) => tenant_id));
    const locked = [...positions].filter(([tenantId]) => !unlocked.has(tenantId));
    await Promise.all(
      locked.map(([tenantId, position]) =>
        this.unitOfWork.query(tenantId, STORE_POSITION, [tenantId, position]),
      ),
    );
  }

  private async deliverLater(tenantId: TenantId, failures: readonly HandlerFailure[]): Promise<void> {
    for (const { error, message } of groupFailures(failures)) this.log.error(error, message);
    const owed = failures.flatMap(({ handler, events }) => events.map(({ seq }) => ({ handler, seq })));
    await this.unitOfWork.run(tenantId, async () => {
      await this.unitOfWork.query(tenantId, INSERT_OWED, [
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

const CLAIM = { name: 'claim-streams', text: 'SELECT tenant_id, relayed FROM claim_streams_behind($1)' };

const RELEASE = { name: 'release-streams', text: 'SELECT let_go_of_streams($1, $2)' };

/** Does not throw: claims end with their connection. */
async function release(claims: pg.Pool, tenantIds: readonly TenantId[]): Promise<void> {
  await claims.query({ ...RELEASE, values: ['relay', tenantIds] }).catch(() => undefined);
}

/** Before the position moves: an event behind the position counts as handled unless it is owed to a handler. */
const INSERT_OWED = `
  INSERT INTO owed_events (tenant_id, handler, seq) SELECT $1, * FROM unnest($2::text[], $3::bigint[])
  ON CONFLICT DO NOTHING`;

/**
 * Positions are stored in a transaction of their own, since transactions that append events wait for these rows, and without a
 * flush to disk: after a crash the events since the last flush are relayed again. They never go back: a process that was frozen, and whose
 * claims went to another, stores its position late.
 */
const UNFLUSHED = `(SELECT set_config('synchronous_commit', 'off', true)) AS unflushed`;

const STORE_POSITION = {
  name: 'store-relay-position',
  text: `UPDATE event_stream SET relayed = greatest(relayed, $2) FROM ${UNFLUSHED} WHERE tenant_id = $1`,
};

const STORE_POSITIONS_OF_UNLOCKED = {
  text: `
  WITH free AS MATERIALIZED (
    SELECT s.tenant_id, t.relayed FROM unnest($1::text[], $2::bigint[]) AS t (tenant_id, relayed)
      JOIN event_stream s USING (tenant_id) FOR NO KEY UPDATE OF s SKIP LOCKED
  )
  UPDATE event_stream s SET relayed = greatest(s.relayed, free.relayed) FROM free, ${UNFLUSHED} WHERE s.tenant_id = free.tenant_id
  RETURNING s.tenant_id`,
};
