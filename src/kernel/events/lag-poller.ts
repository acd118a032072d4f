import { setTimeout as pause } from 'node:timers/promises';
import type { TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import type { LogConsumer } from './log-consumer.js';

/** At most this many tenants come from one poll. */
const MAX_TENANTS = 10_000;
/** A poll reads one row of every tenant. With many tenants it runs less often, so that it takes at most a 200th of the time. */
const REST_PER_POLL = 200;
const MIN_REST_MS = 1_000;
const MAX_REST_MS = 60_000;

/**
 * @param tookMs how long PostgreSQL took for the last poll, and for the one before it
 * @returns the pause until the next one. A single poll that waited for the disk or for a processor is no reason to rest for a minute,
 *   in which nothing finds what notifications have missed
 */
function restAfter(...tookMs: readonly [last: number, before: number]): number {
  return Math.min(Math.max(Math.min(...tookMs) * REST_PER_POLL, MIN_REST_MS), MAX_REST_MS);
}

/** Polls all tenants for those whose log is ahead of a consumer's position. */
export class LagPoller {
  private readonly stopping = new AbortController();
  private readonly outage = new Outage();

  /** @param onPoll gets the tenants that lag, and whether these are all of them */
  constructor(
    private readonly consumer: Pick<LogConsumer, 'findLagging' | 'log'>,
    private readonly unitOfWork: UnitOfWork,
    private readonly onPoll: (lagging: readonly TenantId[], isComplete: boolean) => void,
  ) {
    void this.run();
  }

  stop(): void {
    this.stopping.abort();
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    for (let [tookMs, before] = [0, 0]; !this.isStopped(); before = tookMs) {
      tookMs = await this.poll();
      const restMs = restAfter(tookMs, before);
      await pause(restMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  /** @returns how long PostgreSQL took; 0 after a failure */
  private async poll(): Promise<number> {
    try {
      const [row] = await this.unitOfWork.lookUp<{ tenant_ids: TenantId[]; took_ms: number }>(
        lagQuery(this.consumer.findLagging),
        [MAX_TENANTS],
      );
      const lagging = row?.tenant_ids ?? [];
      this.outage.succeeded();
      if (!this.isStopped()) this.onPoll(lagging, lagging.length < MAX_TENANTS);
      return row?.took_ms ?? 0;
    } catch (error) {
      if (!this.isStopped())
        this.outage.failed(() =>
          this.consumer.log.warn(error, 'Polling for tenants that lag fails; retrying until it works'),
        );
      return 0;
    }
  }
}

/** Measured by PostgreSQL's clock, so that waiting for a connection does not count. */
const lagQuery = (findLagging: LogConsumer['findLagging']): string => `
  SELECT coalesce(array_agg(tenant_id), '{}') AS tenant_ids,
         (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::float8 AS took_ms
    FROM ${findLagging}($1)`;
