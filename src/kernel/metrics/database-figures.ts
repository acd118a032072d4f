import { Injectable } from '@nestjs/common';
import { TtlCache } from '../persistence/ttl-cache.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { Metrics, type Reading } from './metrics.js';

interface JobFigures {
  readonly task: string;
  readonly waiting: string;
  readonly scheduled: string;
  readonly running: string;
  readonly failed: string;
  readonly oldestSeconds: number;
}

interface Backlog {
  readonly events: string;
  readonly tenants: string;
}

/** A gauge that counts more tenants costs more and says the same. */
const MAX_TENANTS = 10_000;
const STATES = ['waiting', 'scheduled', 'running', 'failed'] as const;

/** State shared by all replicas, so each of them reports the same: the backlog of the relay and the job queue. */
@Injectable()
export class DatabaseFigures {
  /** At most one query per second, however often metrics are scraped. */
  private readonly jobs = new TtlCache<JobFigures[]>({
    ttlSeconds: 1,
    maxEntries: 1,
    load: () => this.readJobs(),
  });
  private readonly backlog = new TtlCache<Backlog>({
    ttlSeconds: 1,
    maxEntries: 1,
    load: () => this.readBacklog(),
  });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    metrics: Metrics,
  ) {
    metrics.gauge(
      'causeflow_relay_backlog_events',
      'Events committed and not yet handed to their handlers',
      async () => [{ labels: {}, value: Number((await this.backlog.get('')).events) }],
    );
    metrics.gauge('causeflow_relay_backlog_tenants', 'Tenants with such events', async () => [
      { labels: {}, value: Number((await this.backlog.get('')).tenants) },
    ]);
    metrics.gauge(
      'causeflow_jobs',
      'Jobs waiting for a worker, scheduled for later, running, and failed for good',
      async () =>
        (await this.jobs.get('')).flatMap((figures) => STATES.map((state) => readingOf(figures, state))),
    );
    metrics.gauge(
      'causeflow_jobs_oldest_waiting_seconds',
      'For how long the oldest waiting job has been due',
      async () =>
        (await this.jobs.get('')).map(({ task, oldestSeconds }) => ({
          labels: { task },
          value: oldestSeconds,
        })),
    );
  }

  private readJobs(): Promise<JobFigures[]> {
    return this.unitOfWork.lookUp<JobFigures>(
      'SELECT job AS task, waiting, scheduled, running, failed, oldest_seconds AS "oldestSeconds" FROM job_figures()',
    );
  }

  private async readBacklog(): Promise<Backlog> {
    const [backlog] = await this.unitOfWork.lookUp<Backlog>(
      'SELECT relay_backlog() AS events, (SELECT count(*) FROM streams_behind($1)) AS tenants',
      [MAX_TENANTS],
    );
    return backlog ?? { events: '0', tenants: '0' };
  }
}

/** Not `job`: Prometheus sets that label on what it scrapes, and would rename ours. */
function readingOf(figures: JobFigures, state: (typeof STATES)[number]): Reading {
  return { labels: { task: figures.task, state }, value: Number(figures[state]) };
}
