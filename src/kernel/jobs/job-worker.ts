import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import {
  Logger as WorkerLogger,
  parseCronItems,
  run,
  type Runner,
  type Task,
  type TaskList,
} from 'graphile-worker';
import pg from 'pg';
import { Config } from '../config/config.js';
import { PATIENCE } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { asDatabaseError, DatabaseDownError } from '../persistence/database-errors.js';
import { runInContext } from '../tenancy/call-context.js';
import { type Chore, Daily } from './daily.js';
import { JobHandler, type JobRunner } from './job-handler.js';
import type { StoredJob } from './jobs.js';
import { LiveWorkers } from './live-workers.js';
import { marked } from './marked.js';

/** At a quiet hour of most places that have an office; in UTC. */
const DAILY = '17 3 * * *';

/** Runs jobs with graphile-worker, and frees those of processes that died in the middle of one. */
@Injectable()
export class JobWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(JobWorker.name);
  private runner: Runner | undefined;
  private pool: pg.Pool | undefined;
  private live: LiveWorkers | undefined;
  /**
   * graphile-worker writes down the end of a job without waiting for it. Where PostgreSQL is away just then, the process would
   * end, with all else that it does. Instead the job is one that nobody works at: it is freed, and runs again.
   */
  private readonly onUnheard = (error: unknown): void => {
    if (!(asDatabaseError(error) instanceof DatabaseDownError)) throw error;
    this.log.error(
      error,
      'PostgreSQL was away, and nobody waited for it: most likely the end of a job, which runs again',
    );
  };

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly database: Database,
    private readonly discovery: DiscoveryService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.role === 'api') return;
    process.on('unhandledRejection', this.onUnheard);
    const pool = new pg.Pool({
      ...PATIENCE,
      connectionString: this.database.url,
      application_name: 'causeflow-jobs',
      max: this.config.jobConcurrency + 2,
    });
    const lost = (error: Error): void => {
      // The embedded database may end before it has read that we end the connection: that is no loss.
      if (!pool.ending) this.log.warn(`A job connection was lost: ${error.message}`);
    };
    pool.on('error', lost).on('connect', (client) => client.on('error', lost));
    this.pool = pool;
    this.live = new LiveWorkers(this.database.url, pool);
    this.runner = await run({
      pgPool: pool,
      taskList: this.tasks(),
      concurrency: this.config.jobConcurrency,
      pollInterval: 1_000,
      noHandleSignals: true,
      logger: this.workerLogger(),
      events: this.live.events,
      parsedCronItems: parseCronItems(
        this.chores().map(([name]) => ({
          task: name,
          match: DAILY,
          // A server that was off at that hour makes up for it when it is on again.
          options: { backfillPeriod: 24 * 3600 * 1000, maxAttempts: 5 },
        })),
      ),
    });
    await this.live.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.runner?.stop();
    await this.live?.stop();
    await this.pool?.end();
    process.off('unhandledRejection', this.onUnheard);
  }

  private tasks(): TaskList {
    const tasks: Record<string, Task> = Object.fromEntries(
      this.chores().map(([name, chore]) => [name, (_, { abortSignal }) => chore.run(abortSignal)]),
    );
    for (const [name, runner] of marked<JobRunner>(this.discovery, JobHandler)) {
      if (tasks[name]) throw new Error(`Two classes handle the job ${name}`);
      tasks[name] = taskOf(runner);
    }
    return tasks;
  }

  private chores(): [string, Chore][] {
    return marked<Chore>(this.discovery, Daily);
  }

  private workerLogger(): WorkerLogger {
    return new WorkerLogger(() => (level, message) => {
      const name: string = level;
      if (name === 'error') this.log.error(message);
      else if (name === 'warning') this.log.warn(message);
      else this.log.debug(message);
    });
  }
}

function taskOf(handler: JobRunner): Task {
  return async (stored, { job, abortSignal }) => {
    const { tenantId, payload, context } = stored as StoredJob;
    await runInContext(context, () =>
      handler.run({ tenantId, payload, attempt: job.attempts, signal: abortSignal }),
    );
  };
}
