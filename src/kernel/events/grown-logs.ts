import { setTimeout as pause } from 'node:timers/promises';
import type { TenantId } from '../domain/ids.js';
import { Outage } from '../log/outage.js';
import type { Metrics } from '../metrics/metrics.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import type { CommittedEvents } from './committed-events.js';
import type { Ending, Endings, LogFollower, Turns } from './log-follower.js';
import { LookAround } from './look-around.js';

const AFTER_A_FAILURE_MS = 1_000;
/** What a pass may take before it waits no longer for the last few: many times what handing on its events takes as a rule. */
const PATIENCE_MS = { aPass: 250, anEvent: 1 };
/** Of so many tenants at a time the log says that they fail; the figures count all. */
const MOST_TOLD = 5;

/**
 * Moves on the logs that have grown, many in a pass: told by nudges, which can get lost, and by a look at all tenants now
 * and then, which also finds what a replica that died left behind.
 *
 * Whoever keeps a pass waiting goes on beside it, and by herself until she is quick again. Whoever fails is tried again, by
 * herself, at the next look. So neither holds up anybody else. A tenant has one turn at a time: her order is kept.
 */
export class GrownLogs {
  /** In line, the first one first. */
  private readonly grown = new Set<TenantId>();
  private readonly slow = new Set<TenantId>();
  /** The one that failed longest ago first. */
  private readonly failing = new Set<TenantId>();
  /** Of those that fail: whom the log has told of. */
  private readonly told = new Set<TenantId>();
  /** Turns beside the passes. */
  private readonly aside = new Map<TenantId, Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly stopListening: () => void;
  private running = Promise.resolve();
  private isRunning = false;
  private roomWasMade: () => void = () => undefined;
  private readonly standstill = new Outage();
  private readonly lookAround: LookAround;

  constructor(
    private readonly follower: LogFollower,
    unitOfWork: UnitOfWork,
    committed: CommittedEvents,
    metrics: Metrics,
  ) {
    const held = (reason: string, value: number) => ({ labels: { by: follower.name, reason }, value });
    metrics.gauge(
      'causeflow_tenants_held_up',
      'Tenants whose events are handed on by themselves, beside those of all others: slow, or failing',
      () => (follower.logsAside > 0 ? [held('slow', this.slowNow), held('failing', this.failing.size)] : []),
    );
    this.stopListening = committed.onGrowth((tenantIds) => this.wake(tenantIds));
    this.lookAround = new LookAround(follower, unitOfWork, (behind, areAll) => this.found(behind, areAll));
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    this.stopListening();
    this.lookAround.stop();
    this.stopping.abort();
    await this.running;
    await Promise.all(this.aside.values());
  }

  private get slowNow(): number {
    return [...this.aside.keys()].filter((tenantId) => this.slow.has(tenantId)).length;
  }

  private get room(): number {
    return this.follower.logsAside - this.aside.size;
  }

  private isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private wake(tenantIds: Iterable<TenantId>): void {
    for (const tenantId of tenantIds) if (!this.failing.has(tenantId)) this.grown.add(tenantId);
    if (this.isRunning || this.isStopped()) return;
    this.isRunning = true;
    this.running = this.run();
  }

  private async run(): Promise<void> {
    for (let next = this.next(); !this.isStopped(); next = this.next()) {
      for (const tenantId of next.alone) this.goAside(tenantId, () => this.moveAlone(tenantId));
      if (next.together.length === 0) break;
      await this.attempt(next.together, () => this.pass(next.together));
    }
    // In the same turn of the event loop as the look at the line, so that nobody comes in between.
    this.isRunning = false;
  }

  /** Takes those who are next out of the line. Who has a turn under way, or finds no room aside, stays in it. */
  private next(): { together: TenantId[]; alone: TenantId[] } {
    const [together, alone]: [TenantId[], TenantId[]] = [[], []];
    for (const tenantId of this.grown) {
      if (together.length === this.follower.logsAPass) break;
      if (this.aside.has(tenantId)) continue;
      if (!this.slow.has(tenantId) && !this.failing.has(tenantId)) together.push(tenantId);
      else if (alone.length < this.room) alone.push(tenantId);
    }
    for (const tenantId of [...together, ...alone]) this.grown.delete(tenantId);
    return { together, alone };
  }

  private async pass(tenantIds: readonly TenantId[]): Promise<void> {
    const begunAt = performance.now();
    const turns = await this.follower.begin(tenantIds);
    const ended = await this.inTime(turns);
    for (const [tenantId, ending] of turns.endings) {
      if (ended.has(tenantId)) continue;
      this.slow.add(tenantId);
      this.follower.log.log(
        `The ${this.follower.name} goes on without waiting for ${tenantId}, who takes long`,
      );
      this.goAside(tenantId, async () => this.end(new Map([[tenantId, await ending]])));
    }
    await this.end(ended);
    const isAll = [...ended.values()].every(({ hasMore }) => !hasMore);
    if (isAll && tenantIds.length < this.follower.logsAPass)
      await this.rest(Math.min(performance.now() - begunAt, this.follower.longestRestMs));
  }

  /** Waits for all of them; once its patience is at an end, until those that are left may go aside. */
  private inTime({ events, endings }: Turns): Promise<Endings> {
    const ended = new Map<TenantId, Ending>();
    return new Promise((resolve) => {
      let isPatient = true;
      const look = (): void => {
        if (endings.size - ended.size > (isPatient ? 0 : this.room)) return;
        clearTimeout(patience);
        resolve(new Map(ended));
      };
      const patience = setTimeout(() => {
        isPatient = false;
        look();
      }, patienceWith(events));
      for (const [tenantId, ending] of endings) {
        void ending.then((how) => {
          ended.set(tenantId, how);
          look();
        });
      }
      this.roomWasMade = look;
      look();
    });
  }

  private goAside(tenantId: TenantId, turn: () => Promise<void>): void {
    const over = this.attempt([tenantId], turn).then(() => {
      this.aside.delete(tenantId);
      this.roomWasMade();
      this.wake([]);
    });
    this.aside.set(tenantId, over);
  }

  private async moveAlone(tenantId: TenantId): Promise<void> {
    const begunAt = performance.now();
    const { events, endings } = await this.follower.begin([tenantId]);
    const ending = await endings.get(tenantId);
    if (!ending) return;
    if (performance.now() - begunAt <= patienceWith(events)) this.slow.delete(tenantId);
    await this.end(new Map([[tenantId, ending]]));
  }

  private async end(endings: Endings): Promise<void> {
    if (endings.size > 0) await this.follower.end(endings);
    for (const [tenantId, { hasMore, failure }] of endings) {
      if (failure !== undefined) this.failed(tenantId, failure);
      else {
        this.succeeded(tenantId);
        if (hasMore) this.grown.add(tenantId);
      }
    }
  }

  private failed(tenantId: TenantId, failure: unknown): void {
    this.grown.delete(tenantId);
    this.failing.delete(tenantId);
    this.failing.add(tenantId);
    if (this.told.has(tenantId) || this.told.size === MOST_TOLD) return;
    this.told.add(tenantId);
    this.follower.log.error(failure, `${tenantId}: ${this.follower.complaint}`);
  }

  private succeeded(tenantId: TenantId): void {
    if (this.told.delete(tenantId)) this.follower.log.log(`${tenantId} goes on again`);
    if (!this.failing.delete(tenantId)) return;
    // What kept her may have kept the others.
    for (const other of this.failing) this.grown.add(other);
    this.failing.clear();
  }

  /** Whose turns could not even begin, or end, come again after a pause. */
  private async attempt(tenantIds: readonly TenantId[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.standstill.succeeded(() => this.follower.log.log('It goes on again'));
    } catch (error) {
      this.standstill.failed(() => this.follower.log.error(error, this.follower.complaint));
      await this.rest(AFTER_A_FAILURE_MS);
      for (const tenantId of tenantIds) this.grown.add(tenantId);
    }
  }

  private found(behind: readonly TenantId[], areAll: boolean): void {
    const left = new Set(behind);
    // With the others another replica got on.
    for (const marked of areAll ? [this.failing, this.told] : [])
      for (const tenantId of marked) if (!left.has(tenantId)) marked.delete(tenantId);
    for (const tenantId of [...this.failing].slice(0, this.follower.logsAside)) this.grown.add(tenantId);
    this.wake(behind);
  }

  private async rest(ms: number): Promise<void> {
    if (ms > 0) await pause(ms, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}

function patienceWith(events: number): number {
  return PATIENCE_MS.aPass + events * PATIENCE_MS.anEvent;
}
