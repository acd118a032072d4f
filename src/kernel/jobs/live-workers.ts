import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { WorkerEvents } from 'graphile-worker';
import pg from 'pg';

const CHECK_MS = 5_000;
const LOCK_KEY = `hashtextextended('causeflow.worker:' || $1, 0)`;

/**
 * Frees the jobs of dead workers. graphile-worker would let them lie for four hours, since it cannot tell a dead
 * process from a slow one. Here each worker holds a PostgreSQL advisory lock for as long as its process is connected,
 * and PostgreSQL lets go of it the moment the process dies.
 */
export class LiveWorkers {
  readonly events: WorkerEvents = new EventEmitter();
  private readonly log = new Logger(LiveWorkers.name);
  private readonly ids = new Set<string>();
  private guard: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;

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
    await this.check();
    this.timer = setInterval(() => void this.check(), CHECK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    const guard = this.guard;
    this.guard = undefined;
    await guard?.end().catch(() => undefined);
  }

  private async check(): Promise<void> {
    try {
      if (!this.guard) await this.connect();
      await this.freeJobsOfTheDead();
    } catch (error) {
      this.log.warn(`Could not look for jobs of dead workers: ${String(error)}`);
    }
  }

  private async connect(): Promise<void> {
    const guard = new pg.Client({
      connectionString: this.url,
      application_name: 'causeflow-workers-alive',
      keepAlive: true,
    });
    const lost = (): void => {
      if (this.guard === guard) this.guard = undefined;
    };
    guard.on('error', lost);
    guard.on('end', lost);
    await guard.connect();
    this.guard = guard;
    for (const id of this.ids) await this.hold(id);
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
    for (const { locked_by: workerId } of rows) {
      if (this.ids.has(workerId)) continue;
      const client = await this.pool.connect();
      try {
        const { rows: answer } = await client.query<{ dead: boolean }>(
          `SELECT pg_try_advisory_lock(${LOCK_KEY}) AS dead`,
          [workerId],
        );
        if (!answer[0]?.dead) continue;
        await client.query('SELECT graphile_worker.force_unlock_workers(ARRAY[$1])', [workerId]);
        await client.query(`SELECT pg_advisory_unlock(${LOCK_KEY})`, [workerId]);
        this.log.warn(`Freed the jobs of ${workerId}, whose process is gone`);
      } finally {
        client.release();
      }
    }
  }
}
