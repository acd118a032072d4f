import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SystemClock } from '../domain/clock.js';
import { Outage } from '../log/outage.js';
import { Metrics } from '../metrics/metrics.js';
import { UnitOfWork } from './unit-of-work.js';

const PERIOD_MS = 5_000;
/** Both times are cut to milliseconds. */
const ROUNDING_MS = 2;
/** People are told of more than this. */
const NOTABLE_MS = 2_000;

/**
 * Sets the clock of this process by PostgreSQL's. Jobs and events have PostgreSQL's time; with another one beside it, a replica whose
 * clock is wrong would take leases that others hold, refuse their tickets, and delete what is young.
 */
@Injectable()
export class DatabaseTime implements OnModuleInit, BeforeApplicationShutdown {
  private readonly log = new Logger(DatabaseTime.name);
  private readonly wrongMachine = new Outage();
  private readonly stopping = new AbortController();

  constructor(
    private readonly clock: SystemClock,
    private readonly unitOfWork: UnitOfWork,
    metrics: Metrics,
  ) {
    metrics.gauge(
      'causeflow_clock_ahead_seconds',
      'By how much the clock of this machine is ahead of PostgreSQL’s, negative when it is behind',
      () => clock.machineAheadMs / 1000,
    );
  }

  async onModuleInit(): Promise<void> {
    this.clock.correct(await this.measure());
    this.tellOfMachine();
    void this.follow();
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopping;
    while (await pause(PERIOD_MS, true, { signal }).catch(() => false)) {
      // While PostgreSQL is away the clock goes on.
      const byMs = await this.measure().catch(() => 0);
      this.clock.correct(byMs);
      if (Math.abs(byMs) > NOTABLE_MS)
        this.log.warn(
          `The time was moved by ${seconds(byMs)} s: PostgreSQL's clock was set, or this machine was suspended`,
        );
      this.tellOfMachine();
    }
  }

  /** @returns by how much PostgreSQL's clock is ahead of this process's; 0 when that may be due to the way there and back */
  private async measure(): Promise<number> {
    const askedAt = performance.now();
    const [answer] = await this.unitOfWork.lookUp<{ now: Date }>('SELECT clock_timestamp() AS now');
    const tookMs = performance.now() - askedAt;
    if (!answer) return 0;
    const aheadMs = answer.now.getTime() - this.clock.now().getTime() + tookMs / 2;
    return Math.abs(aheadMs) > tookMs / 2 + ROUNDING_MS ? aheadMs : 0;
  }

  private tellOfMachine(): void {
    const aheadMs = this.clock.machineAheadMs;
    if (Math.abs(aheadMs) <= NOTABLE_MS)
      return this.wrongMachine.succeeded(() => this.log.log('The clock of this machine is right again'));
    this.wrongMachine.failed(() =>
      this.log.warn(
        `The clock of this machine is ${seconds(Math.abs(aheadMs))} s ${aheadMs > 0 ? 'ahead of' : 'behind'} PostgreSQL's, which CauseFlow goes by: synchronise both`,
      ),
    );
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
