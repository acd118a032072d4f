import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Logger as WorkerLogger, run, type Runner, type Task, type TaskList } from 'graphile-worker';
import pg from 'pg';
import { Config } from '../config/config.js';
import { Database } from '../persistence/database.js';
import { runInContext } from '../tenancy/call-context.js';
import { JobHandler, type JobRunner } from './job-handler.js';
import type { StoredJob } from './jobs.js';
import { LiveWorkers } from './live-workers.js';

/** Runs jobs with graphile-worker, and frees those of processes that died in the middle of one. */
@Injectable()
export class JobWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(JobWorker.name);
  private runner: Runner | undefined;
  private pool: pg.Pool | undefined;
  private live: LiveWorkers | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly database: Database,
    private readonly discovery: DiscoveryService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.role === 'api') return;
    this.pool = new pg.Pool({
      connectionString: this.database.url,
      application_name: 'causeflow-jobs',
      max: this.config.jobConcurrency + 2,
    });
    const lost = (error: Error): void => {
      this.log.warn(`A job connection was lost: ${error.message}`);
    };
    this.pool.on('error', lost).on('connect', (client) => client.on('error', lost));
    this.live = new LiveWorkers(this.database.url, this.pool);
    this.runner = await run({
      pgPool: this.pool,
      taskList: this.tasks(),
      concurrency: this.config.jobConcurrency,
      pollInterval: 1_000,
      noHandleSignals: true,
      logger: this.workerLogger(),
      events: this.live.events,
    });
    await this.live.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.runner?.stop();
    await this.live?.stop();
    await this.pool?.end();
  }

  private tasks(): TaskList {
    const tasks: Record<string, Task> = {};
    for (const wrapper of this.discovery.getProviders()) {
      const name = wrapper.metatype && this.discovery.getMetadataByDecorator(JobHandler, wrapper);
      if (!name) continue;
      if (tasks[name]) throw new Error(`Two classes handle the job ${name}`);
      tasks[name] = taskOf(wrapper.instance as JobRunner);
    }
    return tasks;
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
