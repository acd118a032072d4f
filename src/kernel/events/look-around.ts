import { setTimeout as pause } from 'node:timers/promises';
import type { TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import type { LogFollower } from './log-follower.js';

/** The most tenants one look at all of them brings. */
const STRAGGLERS = 10_000;
/** A look reads the counter of every tenant, so with many of them it is taken less often: for a two-hundredth of the time. */
const REST_PER_LOOK = 200;
const SHORTEST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;

/** Looks, now and then, at all tenants for those whose logs are ahead of a follower. */
export class LookAround {
  private readonly stopping = new AbortController();
  private readonly blindness = new Outage();

  /** @param found is told whose logs are ahead, and whether there are no others */
  constructor(
    private readonly follower: Pick<LogFollower, 'findBehind' | 'log'>,
    private readonly unitOfWork: UnitOfWork,
    private readonly found: (behind: readonly TenantId[], areAll: boolean) => void,
  ) {
    void this.look();
  }

  stop(): void {
    this.stopping.abort();
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async look(): Promise<void> {
    while (!this.isStopped()) {
      let tookMs = 0;
      try {
        const [look] = await this.unitOfWork.lookUp<{ tenant_ids: TenantId[]; took_ms: number }>(
          lookAtAll(this.follower.findBehind),
          [STRAGGLERS],
        );
        const behind = look?.tenant_ids ?? [];
        tookMs = look?.took_ms ?? 0;
        this.blindness.succeeded();
        if (!this.isStopped()) this.found(behind, behind.length < STRAGGLERS);
      } catch (error) {
        if (!this.isStopped())
          this.blindness.failed(() =>
            this.follower.log.warn(error, 'Cannot look for what is left; it tries again until it can'),
          );
      }
      const restMs = Math.min(Math.max(tookMs * REST_PER_LOOK, SHORTEST_REST_MS), LONGEST_REST_MS);
      await pause(restMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }
}

/** By PostgreSQL's clock, so that waiting for a connection does not count. */
const lookAtAll = (findBehind: LogFollower['findBehind']): string => `
  SELECT coalesce(array_agg(tenant_id), '{}') AS tenant_ids,
         (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::float8 AS took_ms
    FROM ${findBehind}($1)`;
