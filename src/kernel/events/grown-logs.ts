import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import type { CommittedEvents } from './committed-events.js';

/** The most tenants one look at all of them brings. */
const STRAGGLERS = 10_000;
/** A look reads the counter of every tenant, so with many of them it is taken less often: for a two-hundredth of the time. */
const REST_PER_LOOK = 200;
const SHORTEST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;
const AFTER_A_FAILURE_MS = 1_000;

/** Somebody who goes along every tenant's log and remembers how far. */
export interface LogFollower {
  readonly log: Logger;
  /** The look-up that finds, in all tenants, whose log is ahead of the place remembered. */
  readonly findBehind: 'streams_behind' | 'streams_unpublished' | 'webhooks_behind';
  /** The most logs that are moved on together. */
  readonly logsAPass: number;
  /** Moves some logs on. @returns those that may have more; when it throws, all of them come again, after a pause */
  readonly moveOn: (tenantIds: readonly TenantId[]) => Promise<readonly TenantId[]>;
  /** What is said once when it throws, until it succeeds again. */
  readonly complaint: string;
}

/**
 * Whose logs have grown, for one who follows them: told by nudges, which can get lost, and by a look at all tenants now
 * and then, which also finds what a replica that died left behind.
 */
export class GrownLogs {
  private readonly grown = new Set<TenantId>();
  private readonly stopping = new AbortController();
  private readonly stopListening: () => void;
  private running: Promise<void> | undefined;
  private readonly standstill = new Outage();
  private readonly blindness = new Outage();

  constructor(
    private readonly follower: LogFollower,
    private readonly unitOfWork: UnitOfWork,
    committed: CommittedEvents,
  ) {
    this.stopListening = committed.onGrowth((tenantIds) => this.wake(tenantIds));
    void this.lookAround();
  }

  /** Lets the pass under way end. */
  async stop(): Promise<void> {
    this.stopListening();
    this.stopping.abort();
    await this.running;
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private wake(tenantIds: Iterable<TenantId>): void {
    for (const tenantId of tenantIds) this.grown.add(tenantId);
    if (this.grown.size > 0 && !this.isStopped()) {
      this.running ??= this.run().finally(() => {
        this.running = undefined;
        this.wake([]);
      });
    }
  }

  private async run(): Promise<void> {
    while (this.grown.size > 0 && !this.isStopped()) {
      const candidates = [...this.grown].slice(0, this.follower.logsAPass);
      for (const tenantId of candidates) this.grown.delete(tenantId);
      let unfinished: readonly TenantId[] = candidates;
      try {
        unfinished = await this.follower.moveOn(candidates);
        this.standstill.succeeded(() => this.follower.log.log('It goes on again'));
      } catch (error) {
        this.standstill.failed(() => this.follower.log.error(error, this.follower.complaint));
        await this.rest(AFTER_A_FAILURE_MS);
      }
      for (const tenantId of unfinished) this.grown.add(tenantId);
    }
  }

  private async lookAround(): Promise<void> {
    while (!this.isStopped()) {
      let tookMs = 0;
      try {
        const [look] = await this.unitOfWork.lookUp<{ tenant_ids: TenantId[]; took_ms: number }>(
          lookAtAll(this.follower.findBehind),
          [STRAGGLERS],
        );
        tookMs = look?.took_ms ?? 0;
        this.blindness.succeeded();
        this.wake(look?.tenant_ids ?? []);
      } catch (error) {
        if (!this.isStopped())
          this.blindness.failed(() =>
            this.follower.log.warn(error, 'Cannot look for what is left; it tries again until it can'),
          );
      }
      await this.rest(Math.min(Math.max(tookMs * REST_PER_LOOK, SHORTEST_REST_MS), LONGEST_REST_MS));
    }
  }

  private async rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

/** By PostgreSQL's clock, so that waiting for a connection does not count. */
const lookAtAll = (findBehind: LogFollower['findBehind']): string => `
  SELECT coalesce(array_agg(tenant_id), '{}') AS tenant_ids,
         (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000)::float8 AS took_ms
    FROM ${findBehind}($1)`;
