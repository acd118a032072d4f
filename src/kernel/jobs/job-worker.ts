import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Task, TaskList } from 'graphile-worker';
import pg from 'pg';
import { Config } from '../config/config.js';
import { StartError } from '../config/start-error.js';
import { POOL_OPTIONS } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { runInContext } from '../tenancy/call-context.js';
import { type Chore, Daily } from './daily.js';
import { decoratedProviders } from './decorated-providers.js';
import { failIfTakenOver, surviveFailedJobEnds } from './graphile-internals.js';
import { Logger as WorkerLogger, parseCronItems, run } from './graphile-worker.js';
import { JobHandler, type JobRunner } from './job-handler.js';
import { JobRecovery } from './job-recovery.js';
import { JobSlots } from './job-slots.js';
import type { StoredJob } from './jobs.js';

/** In UTC; at night in most places with an office. */
const DAILY_AT = '17 3 * * *';

/** Runs jobs with graphile-worker, frees jobs that were abandoned, and leaves no tenant all slots. */
@Injectable()
export class JobWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(JobWorker.name);
  private stopWorking: (() => Promise<void>) | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly database: Database,
    private readonly discovery: DiscoveryService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.role === 'api') return;
    const stopSurviving = surviveFailedJobEnds((error) =>
      this.log.error(
        error,
        'PostgreSQL was away for a write that nothing awaits, most likely the end of a job. The job runs again',
      ),
    );
    const pool = this.connectionPool();
    const recovery = new JobRecovery(this.database, pool);
    const slots = new JobSlots(this.config.jobConcurrency, recovery.events);
    const starting = run({
      pgPool: pool,
      taskList: this.tasks(),
      concurrency: this.config.jobConcurrency,
      pollInterval: 1_000,
      noHandleSignals: true,
      logger: this.workerLogger(),
      events: recovery.events,
      forbiddenFlags: slots.forbiddenTenants,
      parsedCronItems: parseCronItems(
        this.chores().map(([name]) => ({
          task: name,
          match: DAILY_AT,
          // A server that was off at that hour catches up when it starts.
          options: { backfillPeriod: 24 * 3600 * 1000, maxAttempts: 5 },
        })),
      ),
    });
    this.stopWorking = async () => {
      await starting.then(
        (runner) => runner.stop(),
        // It never ran.
        () => undefined,
      );
      await recovery.stop();
      await pool.end();
      stopSurviving();
    };
    await starting;
    await recovery.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stopWorking?.();
  }

  private connectionPool(): pg.Pool {
    const pool = new pg.Pool({
      ...POOL_OPTIONS,
      connectionString: this.database.url,
      application_name: 'causeflow-jobs',
      max: this.config.jobConcurrency + 2,
    });
    const lost = (error: Error): void => {
      // While the pool ends, the embedded database may close a connection first: nothing is lost by it.
      if (!pool.ending) this.log.warn(`A job connection was lost: ${error.message}`);
    };
    return pool.on('error', lost).on('connect', (client) => client.on('error', lost));
  }

  private tasks(): TaskList {
    const runners = decoratedProviders<JobRunner>(this.discovery, JobHandler);
    const tasks: TaskList = {};
    for (const [name, task] of [...this.chores().map(choreOf), ...runners.map(taskOf)]) {
      if (tasks[name])
        throw new StartError(`Two classes have the job ${name}: rename one, or list it in one module only.`);
      tasks[name] = failIfTakenOver(task);
    }
    return tasks;
  }

  private chores(): [string, Chore][] {
    return decoratedProviders<Chore>(this.discovery, Daily);
  }

  private workerLogger() {
    return new WorkerLogger(() => (level, message) => {
      const name: string = level;
      if (name === 'error') this.log.error(message);
      else if (name === 'warning') this.log.warn(message);
      else this.log.debug(message);
    });
  }
}

function choreOf([name, chore]: [string, Chore]): [string, Task] {
  return [name, (_, { abortSignal }) => chore.run(abortSignal)];
}

function taskOf([name, handler]: [string, JobRunner]): [string, Task] {
  const task: Task = async (stored, { job, abortSignal }) => {
    const { tenantId, payload, context } = stored as StoredJob;
    await runInContext({ ...context, tenantId }, () =>
      handler.run({ tenantId, payload, attempt: job.attempts, signal: abortSignal }),
    );
  };
  return [name, task];
}
