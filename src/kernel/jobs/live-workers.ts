import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import { Outage } from '../log/outage.js';
import { MISSED_SOON } from '../persistence/data-source.js';

/** How often it is seen to that the own locks are held. */
const ROUND_MS = 1_000;
/** Of so many rounds one looks for the dead. */
const ROUNDS_A_LOOK = 3;
const CONNECT_WITHIN_MS = 5_000;
const LOCK_KEY = `hashtextextended('causeflow.worker:' || $1, 0)`;

/**
 * Frees the jobs of dead workers. graphile-worker would let them lie for four hours, since it cannot tell a dead
 * process from a slow one. Here each worker holds a PostgreSQL advisory lock for as long as its process is connected,
 * and PostgreSQL lets go of it the moment the process dies. When PostgreSQL itself was away, the living take their locks
 * again one after the other: so a worker is dead whose lock is free at two looks.
 */
export class LiveWorkers {
  readonly events: WorkerEvents = new EventEmitter();
  private readonly log = new Logger(LiveWorkers.name);
  private readonly ids = new Set<string>();
  private guard: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private rounds = 0;
  private isBusy = false;
  private readonly blindness = new Outage();
  /** Whose locks were free at the last look. */
  private missing = new Set<string>();

  constructor(
    private readonly url: string,
    private readonly pool: pg.Pool,
  ) {
    this.events.on('worker:create', ({ worker }) => {
      this.ids.add(worker.workerId);
      void this.hold(worker.workerId);
    });
    this.events.on('worker:stop', ({ worker }) => this.ids.delete(worker.workerId));
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
      if (this.rounds++ % ROUNDS_A_LOOK === 0) await this.freeJobsOfTheDead();
      this.blindness.succeeded();
    } catch (error) {
      this.blindness.failed(() => this.log.warn(`Cannot look for jobs of dead workers: ${String(error)}`));
    } finally {
      this.isBusy = false;
    }
  }

  private async connect(): Promise<void> {
    const guard = new pg.Client({
      connectionString: this.url,
      application_name: 'causeflow-workers-alive',
      keepAlive: true,
      options: MISSED_SOON,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      // Locks of several workers are asked for at once.
      pipeline: true,
    });
    const lost = (): void => {
      if (this.guard === guard) this.guard = undefined;
    };
    guard.on('error', lost);
    guard.on('end', lost);
    await guard.connect();
    this.guard = guard;
    // Not waited for: PostgreSQL may not have noticed yet that the connection before is gone, which holds them so long.
    for (const id of this.ids) void this.hold(id);
  }

  private async hold(workerId: string): Promise<void> {
    await this.guard?.query(`SELECT pg_advisory_lock(${LOCK_KEY})`, [workerId]).catch(() => undefined);
  }

  private async freeJobsOfTheDead(): Promise<void> {
    // Five seconds of grace: a worker that has just been made may not hold its lock yet.
    const { rows } = await this.pool.query<{ locked_by: string }>(
      `SELECT DISTINCT locked_by FROM graphile_worker.jobs
        WHERE locked_by IS NOT NULL AND locked_at < now() - interval '5 seconds'`,
    );
    const missing = new Set<string>();
    for (const { locked_by: workerId } of rows) {
      if (this.ids.has(workerId)) continue;
      const client = await this.pool.connect();
      try {
        const { rows: answer } = await client.query<{ free: boolean }>(
          `SELECT pg_try_advisory_lock(${LOCK_KEY}) AS free`,
          [workerId],
        );
        if (!answer[0]?.free) continue;
        if (this.missing.has(workerId)) {
          await client.query('SELECT graphile_worker.force_unlock_workers(ARRAY[$1])', [workerId]);
          this.log.warn(`Freed the jobs of ${workerId}, whose process is gone`);
        } else missing.add(workerId);
        await client.query(`SELECT pg_advisory_unlock(${LOCK_KEY})`, [workerId]);
      } finally {
        client.release();
      }
    }
    this.missing = missing;
  }
}
