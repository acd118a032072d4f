import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import { Outage } from '../log/outage.js';
import { MISSED_SOON, PATIENCE } from '../persistence/data-source.js';

/** How often it is seen to that the own lock is held. */
const ROUND_MS = 1_000;
/** Of so many rounds one looks for lost jobs. */
const ROUNDS_A_LOOK = 3;

interface LostJob {
  readonly id: string;
  /** The pool of workers that took it. */
  readonly pool: string;
}

/**
 * Frees jobs that nobody works at. graphile-worker would let them lie for four hours, since it cannot tell a dead process
 * from a slow one. Here the pool of each process, in whose name jobs are taken, holds a PostgreSQL advisory lock for as
 * long as the process is connected, and PostgreSQL lets go of it the moment the process dies. When PostgreSQL itself was
 * away, the living take their locks again one after the other: so a pool is dead whose lock is free at two looks. And a
 * living one has lost a job that it does not work at, as when the connection broke over the answer that brought it.
 */
export class LiveWorkers {
  readonly events: WorkerEvents = new EventEmitter();
  private readonly log = new Logger(LiveWorkers.name);
  private own: string | undefined;
  private readonly atWork = new Set<string>();
  private guard: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private rounds = 0;
  private isBusy = false;
  private readonly blindness = new Outage();
  /** The jobs that seemed lost at the last look. */
  private missing = new Set<string>();

  constructor(
    private readonly url: string,
    private readonly pool: pg.Pool,
  ) {
    this.events.on('pool:create', ({ workerPool }) => (this.own = workerPool.id));
    this.events.on('job:start', ({ job }) => this.atWork.add(job.id));
    this.events.on('job:complete', ({ job }) => this.atWork.delete(job.id));
  }

  async start(): Promise<void> {
    await this.round();
    this.timer = setInterval(() => void this.round(), ROUND_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    const guard = this.guard;
    this.guard = undefined;
    await guard?.end().catch(() => undefined);
  }

  private async round(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      if (!this.guard) await this.connect();
      // Of a connection that has broken without a word nothing else would tell.
      await this.guard?.query('SELECT');
      if (this.rounds++ % ROUNDS_A_LOOK === 0) await this.freeLostJobs();
      this.blindness.succeeded();
    } catch (error) {
      this.blindness.failed(() => this.log.warn(`Cannot look for jobs of dead workers: ${String(error)}`));
    } finally {
      this.isBusy = false;
    }
  }

  private async connect(): Promise<void> {
    const guard = new pg.Client({
      ...PATIENCE,
      connectionString: this.url,
      application_name: 'causeflow-workers-alive',
      options: MISSED_SOON,
    });
    const lost = (): void => {
      if (this.guard === guard) this.guard = undefined;
    };
    guard.on('error', lost);
    guard.on('end', lost);
    await guard.connect();
    this.guard = guard;
    // It may take a while: PostgreSQL may not have noticed yet that the connection before is gone, which holds it so long.
    await guard.query(HOLD, [this.own]);
  }

  private async freeLostJobs(): Promise<void> {
    const { rows } = await this.pool.query<LostJob>(LOST, [this.own, [...this.atWork]]);
    for (const { id, pool } of rows.filter(({ id }) => this.missing.has(id))) {
      await this.pool.query(FREE, [id, pool]);
      const why = pool === this.own ? 'which nobody works at' : 'whose process is gone';
      this.log.warn(`Freed job ${id} of ${pool}, ${why}`);
    }
    this.missing = new Set(rows.map(({ id }) => id));
  }
}

const HOLD = `SELECT pg_advisory_lock(hashtextextended('causeflow.worker:' || $1, 0))`;

/** A free lock is let go of at the end of the statement. Five seconds of grace: a pool just made may not hold its own yet. */
const LOST = `
  SELECT id::text, locked_by AS pool FROM graphile_worker.jobs
   WHERE locked_at < now() - interval '5 seconds'
     AND CASE locked_by WHEN $1 THEN id <> ALL ($2::bigint[])
         ELSE pg_try_advisory_xact_lock(hashtextextended('causeflow.worker:' || locked_by, 0)) END`;

const FREE = `
  WITH freed AS (
    UPDATE graphile_worker._private_jobs SET locked_at = NULL, locked_by = NULL
     WHERE id = $1 AND locked_by = $2 RETURNING job_queue_id
  )
  UPDATE graphile_worker._private_job_queues AS queue SET locked_at = NULL, locked_by = NULL FROM freed
   WHERE queue.id = freed.job_queue_id AND queue.locked_by = $2`;
