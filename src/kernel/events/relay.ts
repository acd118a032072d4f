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
import { GrownLogs } from './grown-logs.js';
import { type Ending, type Endings, placesIn, type Turns } from './log-follower.js';
import type { LoggedEvent } from './logged-event.js';
import { toldFailures } from './told-failures.js';

const LOGS_A_PASS = 64;
/** Their handlers hold connections, of which the others need most. */
const LOGS_ASIDE = 3;
/** Shared by the tenants of a pass: one alone gets large batches, and of many together none gets very small ones. */
const EVENTS_A_PASS = 4_096;
const EVENTS_A_TENANT = { least: 256, most: 1_024 };
/** Under load twice as many events go in a pass after a rest, and a pass costs the same for few. */
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
    const claims = claimingPool(this.database.url, 'causeflow-relay');
    this.claims = claims;
    this.grown = new GrownLogs(
      {
        name: 'relay',
        log: this.log,
        findBehind: 'streams_behind',
        logsAPass: LOGS_A_PASS,
        logsAside: Math.max(1, Math.min(LOGS_ASIDE, Math.floor(this.config.databasePoolSize / 3))),
        longestRestMs: LONGEST_REST_MS,
        begin: (tenantIds) => this.begin(claims, tenantIds),
        end: (endings) => this.end(claims, endings),
        complaint: 'Events cannot be relayed; they wait in their logs',
      },
      this.unitOfWork,
      this.committed,
      this.metrics,
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.grown?.stop();
    await this.claims?.end();
  }

  private async begin(claims: pg.Pool, candidates: readonly TenantId[]): Promise<Turns> {
    const claim = { ...CLAIM, values: [candidates] };
    const { rows } = await claims.query<{ tenant_id: TenantId; relayed: string }>(claim);
    const places = rows.map(({ tenant_id, relayed }) => ({ tenantId: tenant_id, after: Number(relayed) }));
    if (places.length === 0) return { events: 0, endings: new Map() };
    const share = Math.floor(EVENTS_A_PASS / places.length);
    const most = Math.max(EVENTS_A_TENANT.least, Math.min(EVENTS_A_TENANT.most, share));
    try {
      const pages = await this.eventLog.pages(places, most);
      const logged = pages.flat();
      const failures = this.publisher.publishEach(
        logged.flatMap((event) => this.catalogue.revive(event) ?? []),
      );
      const endings = places.map(({ tenantId }, at) => {
        const page = pages[at] ?? [];
        return [tenantId, this.handOn(tenantId, page, page.length === most, failures.get(tenantId))] as const;
      });
      return { events: logged.length, endings: new Map(endings) };
    } catch (error) {
      await letGo(
        claims,
        places.map(({ tenantId }) => tenantId),
      );
      throw error;
    }
  }

  private async end(claims: pg.Pool, endings: Endings): Promise<void> {
    try {
      await this.remember(placesIn(endings));
    } finally {
      await letGo(claims, [...endings.keys()]);
    }
  }

  /** Fails when it cannot be written down what the tenant is owed: she cannot be moved on then. */
  private async handOn(
    tenantId: TenantId,
    page: readonly LoggedEvent[],
    hasMore: boolean,
    failures: Promise<HandlerFailure[]> | undefined,
  ): Promise<Ending> {
    try {
      const failed = (await failures) ?? [];
      if (failed.length > 0) await this.deliverLater(tenantId, failed);
      return { place: page.at(-1)?.seq, hasMore };
    } catch (failure) {
      return { place: undefined, hasMore, failure };
    }
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

const CLAIM = { name: 'claim-streams', text: 'SELECT tenant_id, relayed FROM claim_streams_behind($1)' };

const LET_GO = { name: 'let-go-of-streams', text: 'SELECT let_go_of_streams($1, $2)' };

/** Where the connection is gone, the claims are. */
async function letGo(claims: pg.Pool, tenantIds: readonly TenantId[]): Promise<void> {
  await claims.query({ ...LET_GO, values: ['relay', tenantIds] }).catch(() => undefined);
}

/** Before the relay moves on: what it has passed and nobody is owed counts as handled. */
const OWE = `
  INSERT INTO owed_events (tenant_id, handler, seq) SELECT $1, * FROM unnest($2::text[], $3::bigint[])
  ON CONFLICT DO NOTHING`;

/** A transaction of its own, since appenders wait for this row, and not flushed: what a crash takes back is relayed again. */
const UNFLUSHED = `(SELECT set_config('synchronous_commit', 'off', true)) AS unflushed`;

const MOVE_ON = {
  name: 'move-relay-on',
  text: `UPDATE event_stream SET relayed = $2 FROM ${UNFLUSHED} WHERE tenant_id = $1`,
};

const MOVE_ON_IF_FREE = {
  text: `
  WITH free AS MATERIALIZED (
    SELECT s.tenant_id, t.place FROM unnest($1::text[], $2::bigint[]) AS t (tenant_id, place)
      JOIN event_stream s USING (tenant_id) FOR NO KEY UPDATE OF s SKIP LOCKED
  )
  UPDATE event_stream s SET relayed = free.place FROM free, ${UNFLUSHED} WHERE s.tenant_id = free.tenant_id
  RETURNING s.tenant_id`,
};
