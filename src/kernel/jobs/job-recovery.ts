import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Worker, WorkerEvents } from 'graphile-worker';
import type pg from 'pg';
import { Outage } from '../log/outage.js';
import type { Database } from '../persistence/database.js';
import { UNLOCK_JOB } from './graphile-internals.js';
import { lockKeyOf, WorkerPoolLock } from './worker-pool-lock.js';

const ROUND_MS = 1_000;
/** Every third round also looks for abandoned jobs; the others only check that our lock is held. */
const ROUNDS_PER_SCAN = 3;

interface AbandonedJob {
  readonly id: string;
  /** The worker pool that took it. */
  readonly pool: string;
}

/**
 * Frees jobs that no worker runs. graphile-worker alone would keep them locked for four hours, because it cannot tell a dead process
 * from a slow one. Here a pool is dead when no process holds its `WorkerPoolLock`. A live pool can lose a job too: the connection breaks
 * while the answer with the job is on its way, or the end of the job cannot be written.
 *
 * A job is freed when two scans find it abandoned: after a restart of PostgreSQL the live pools take their locks again one by one.
 */
export class JobRecovery {
  /** For graphile-worker, which reports here the pool and the workers that it creates. */
  readonly events: WorkerEvents = new EventEmitter();
  private readonly log = new Logger(JobRecovery.name);
  private readonly outage = new Outage();
  private readonly stopping = new AbortController();
  private readonly workers: Worker[] = [];
  private lock: WorkerPoolLock | undefined;
  private suspects: ReadonlySet<string> = new Set();

  constructor(
    database: Database,
    private readonly pool: pg.Pool,
  ) {
    this.events.on(
      'pool:create',
      ({ workerPool }) => (this.lock = new WorkerPoolLock(database, workerPool.id)),
    );
    this.events.on('worker:create', ({ worker }) => this.workers.push(worker));
  }

  /** To be called once the pool is created. */
  async start(): Promise<void> {
    const { lock } = this;
    if (!lock) throw new Error('There is no worker pool to look after');
    await this.round(lock, 0);
    void this.repeat(lock);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.lock?.release();
  }

  private async repeat(lock: WorkerPoolLock): Promise<void> {
    for (let number = 1; await this.pause(); number += 1) await this.round(lock, number);
  }

  /** @returns false when told to stop */
  private pause(): Promise<boolean> {
    return sleep(ROUND_MS, true, { signal: this.stopping.signal }).catch(() => false);
  }

  private async round(lock: WorkerPoolLock, number: number): Promise<void> {
    try {
      await lock.hold();
      if (number % ROUNDS_PER_SCAN === 0) await this.scan(lock.poolId);
      this.outage.succeeded();
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      this.outage.failed(() => this.log.warn(`Cannot look for jobs of dead workers: ${String(error)}`));
    }
  }

  private async scan(ownPool: string): Promise<void> {
    const active = this.workers.flatMap((worker) => worker.getActiveJob()?.id ?? []);
    const { rows: found } = await this.pool.query<AbandonedJob>(ABANDONED_JOBS, [ownPool, active]);
    const abandoned = found.filter(({ id }) => this.suspects.has(id));
    for (const { id, pool } of abandoned) if (pool === ownPool) await this.unlockOwn(id, pool);
    const deadPools = new Set(abandoned.map(({ pool }) => pool).filter((pool) => pool !== ownPool));
    if (deadPools.size > 0) await this.unlockAllOf([...deadPools]);
    this.suspects = new Set(found.map(({ id }) => id));
  }

  private async unlockOwn(id: string, ownPool: string): Promise<void> {
    await this.pool.query(UNLOCK_JOB, [id, ownPool]);
    this.log.warn(`Freed job ${id}: no worker of this process runs it`);
  }

  private async unlockAllOf(deadPools: readonly string[]): Promise<void> {
    const { rows } = await this.pool.query<{ pool: string }>(UNLOCK_DEAD_POOLS, [deadPools]);
    for (const { pool } of rows) this.log.warn(`Freed the jobs of ${pool}: its process is gone`);
  }
}

/** The locks taken here end with the statement. Five seconds of grace: a new pool may take jobs before it holds its lock. */
const ABANDONED_JOBS = `
  SELECT id::text, locked_by AS pool FROM graphile_worker.jobs
   WHERE locked_at < now() - interval '5 seconds'
     AND CASE locked_by WHEN $1 THEN id <> ALL ($2::bigint[])
         ELSE pg_try_advisory_xact_lock(${lockKeyOf('locked_by')}) END`;

/** A pool that came back since the scan is skipped; one that comes back now waits for its lock until this is committed. */
const UNLOCK_DEAD_POOLS = `
  SELECT pool, graphile_worker.force_unlock_workers(ARRAY[pool]) FROM unnest($1::text[]) AS pool
   WHERE pg_try_advisory_xact_lock(${lockKeyOf('pool')})`;
