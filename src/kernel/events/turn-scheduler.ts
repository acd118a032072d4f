import { setTimeout as pause } from 'node:timers/promises';
import type { TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import type { Metrics } from '../metrics/metrics.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import type { CommittedEvents } from './committed-events.js';
import { LagPoller } from './lag-poller.js';
import type { LogConsumer, TurnResult, TurnResults, Turns } from './log-consumer.js';
import { TenantHealth } from './tenant-health.js';

const RETRY_AFTER_MS = 1_000;
/** After this a pass stops waiting for its last turns. As a rule a turn takes a small part of it. */
const PASS_TIMEOUT_MS = { base: 250, perEvent: 1 };

/**
 * Schedules the turns in which a consumer processes the logs of the tenants.
 *
 * A tenant is due when a notification says that its log has grown. Notifications can get lost, so a poll of all tenants
 * finds the others, among them those that a crashed replica left behind. Due tenants share passes, which run one after the
 * other. A tenant has one turn at a time, so its events keep their order.
 *
 * So that no tenant delays another, two kinds take their turns alone, beside the passes:
 * - a slow tenant, whose turn outlasted the time-out of its pass, until one of its turns is quick again;
 * - a failing tenant, whose last turn failed: notifications do not wake it, each poll retries some of them.
 */
export class TurnScheduler {
  /** Tenants that wait for a turn, first in, first out. */
  private readonly due = new Set<TenantId>();
  /** Turns under way beside the passes. */
  private readonly alone = new Map<TenantId, Promise<void>>();
  private readonly health: TenantHealth;
  private readonly lagPoller: LagPoller;
  private readonly outage = new Outage();
  private readonly stopping = new AbortController();
  private readonly unsubscribe: () => void;
  private passes = Promise.resolve();
  private isRunning = false;
  /** Called whenever a turn ends: the pass under way checks whether it can stop waiting. */
  private onTurnEnd: () => void = () => undefined;

  constructor(
    private readonly consumer: LogConsumer,
    unitOfWork: UnitOfWork,
    committed: CommittedEvents,
    metrics: Metrics,
  ) {
    this.health = new TenantHealth(consumer);
    metrics.gauge(
      'causeflow_tenants_held_up',
      'Tenants that are slow or failing, and take their turns apart from the others',
      () => (consumer.maxAlone > 0 ? this.health.readings(this.alone) : []),
    );
    this.unsubscribe = committed.onGrowth((tenantIds) => this.wake(tenantIds));
    this.lagPoller = new LagPoller(consumer, unitOfWork, (lagging, isComplete) =>
      this.polled(lagging, isComplete),
    );
  }

  /** Starts no more turns, and waits for those under way. */
  async stop(): Promise<void> {
    this.unsubscribe();
    this.lagPoller.stop();
    this.stopping.abort();
    await this.passes;
    await Promise.all(this.alone.values());
  }

  private wake(tenantIds: Iterable<TenantId>): void {
    for (const tenantId of tenantIds) if (!this.health.isFailing(tenantId)) this.due.add(tenantId);
    if (this.isRunning || this.isStopped()) return;
    this.isRunning = true;
    this.passes = this.runPasses();
  }

  private polled(lagging: readonly TenantId[], isComplete: boolean): void {
    if (isComplete) this.health.forgetAllBut(lagging);
    for (const tenantId of this.health.nextRetries(this.consumer.maxAlone)) this.due.add(tenantId);
    this.wake(lagging);
  }

  private async runPasses(): Promise<void> {
    while (!this.isStopped()) {
      const tenantIds = this.startDue();
      if (tenantIds.length === 0) break;
      await this.orRetry(tenantIds, () => this.runPass(tenantIds));
    }
    // No await since the queue was seen empty, so no wake-up is lost.
    this.isRunning = false;
  }

  /**
   * Starts the turns of due tenants that take theirs alone, as long as there are free slots; a tenant whose turn is under way stays due.
   * @returns the tenants of the next pass
   */
  private startDue(): TenantId[] {
    const tenantIds: TenantId[] = [];
    for (const tenantId of this.due) {
      if (tenantIds.length === this.consumer.tenantsPerPass) break;
      if (this.alone.has(tenantId)) continue;
      const isHealthy = this.health.isHealthy(tenantId);
      if (!isHealthy && this.freeSlots === 0) continue;
      this.due.delete(tenantId);
      if (isHealthy) tenantIds.push(tenantId);
      else this.startAlone(tenantId, () => this.takeTurn(tenantId));
    }
    return tenantIds;
  }

  private async runPass(tenantIds: readonly TenantId[]): Promise<void> {
    const startedAt = performance.now();
    const turns = await this.consumer.startTurns(tenantIds);
    const ended = await this.waitFor(turns);
    for (const [tenantId, result] of turns.results) {
      if (ended.has(tenantId)) continue;
      this.health.wasSlow(tenantId);
      this.startAlone(tenantId, async () => this.finish(new Map([[tenantId, await result]])));
    }
    await this.finish(ended);
    const isCaughtUp = [...ended.values()].every(({ hasMore }) => !hasMore);
    if (isCaughtUp && tenantIds.length < this.consumer.tenantsPerPass)
      await this.rest(Math.min(performance.now() - startedAt, this.consumer.maxRestMs));
  }

  /** Waits for all turns, and after the time-out until there are free slots for the rest to go on alone. */
  private async waitFor({ events, results }: Turns): Promise<TurnResults> {
    const ended = new Map<TenantId, TurnResult>();
    let isOverdue = false;
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(() => {
        isOverdue = true;
        this.onTurnEnd();
      }, timeoutMs(events));
      this.onTurnEnd = () => {
        if (results.size - ended.size > (isOverdue ? this.freeSlots : 0)) return;
        clearTimeout(timeout);
        resolve();
      };
      for (const [tenantId, result] of results) {
        void result.then((value) => {
          ended.set(tenantId, value);
          this.onTurnEnd();
        });
      }
      this.onTurnEnd();
    });
    return new Map(ended);
  }

  private startAlone(tenantId: TenantId, turn: () => Promise<void>): void {
    const ended = this.orRetry([tenantId], turn).then(() => {
      this.alone.delete(tenantId);
      this.onTurnEnd();
      this.wake([]);
    });
    this.alone.set(tenantId, ended);
  }

  private async takeTurn(tenantId: TenantId): Promise<void> {
    const startedAt = performance.now();
    const { events, results } = await this.consumer.startTurns([tenantId]);
    const result = await results.get(tenantId);
    if (!result) return;
    if (performance.now() - startedAt <= timeoutMs(events)) this.health.wasQuick(tenantId);
    await this.finish(new Map([[tenantId, result]]));
  }

  private async finish(results: TurnResults): Promise<void> {
    if (results.size > 0) await this.consumer.finishTurns(results);
    for (const [tenantId, { hasMore, failure }] of results) {
      if (failure !== undefined) {
        this.due.delete(tenantId);
        this.health.failed(tenantId, failure);
        continue;
      }
      for (const other of this.health.succeeded(tenantId)) this.due.add(other);
      if (hasMore) this.due.add(tenantId);
    }
  }

  /** When turns cannot be started or finished, their tenants are due again after a pause. */
  private async orRetry(tenantIds: readonly TenantId[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.outage.succeeded(() => this.consumer.log.log(`The ${this.consumer.name} has recovered`));
    } catch (error) {
      this.outage.failed(() => this.consumer.log.error(error, this.consumer.failureMessage));
      await this.rest(RETRY_AFTER_MS);
      for (const tenantId of tenantIds) this.due.add(tenantId);
    }
  }

  private get freeSlots(): number {
    return this.consumer.maxAlone - this.alone.size;
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async rest(ms: number): Promise<void> {
    if (ms > 0) await pause(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function timeoutMs(events: number): number {
  return PASS_TIMEOUT_MS.base + events * PASS_TIMEOUT_MS.perEvent;
}
