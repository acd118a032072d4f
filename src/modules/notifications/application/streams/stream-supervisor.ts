import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import type { Principal } from '#kernel/http/principal';
import { Metrics } from '#kernel/metrics/metrics';
import { Principals } from '#modules/users/api';
import type { EventStream } from './event-stream.js';

/** A revoked caller must be disconnected within 5 s, and what the users module answers can be 3 s old. */
const CHECK_MS = 500;

/** Pings open streams, ends those whose caller has lost access, and ends all of them at shutdown. */
@Injectable()
export class StreamSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly streams = new Set<EventStream>();
  private timers: NodeJS.Timeout[] = [];
  private checking = false;
  private stopped = false;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly clock: Clock,
    private readonly principals: Principals,
    metrics: Metrics,
  ) {
    metrics.gauge('causeflow_event_streams_open', 'Event streams open now', () => this.streams.size);
  }

  onApplicationBootstrap(): void {
    this.timers = [
      setInterval(() => this.ping(), this.config.pingIntervalSeconds * 1000),
      setInterval(() => void this.endRevoked(), CHECK_MS),
    ];
  }

  /** Waits for the streams to end, so that their connections are idle when the server closes. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all([...this.streams].map((stream) => stream.end()));
  }

  add(stream: EventStream): void {
    this.streams.add(stream);
    if (this.stopped) void stream.end();
  }

  remove(stream: EventStream): void {
    this.streams.delete(stream);
  }

  private ping(): void {
    for (const stream of this.streams) stream.ping();
  }

  private async endRevoked(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    try {
      // The users module batches these checks into few queries.
      await Promise.all(this.byCaller().map((streams) => this.check(streams)));
    } finally {
      this.checking = false;
    }
  }

  /** Streams opened with the same token or key are checked once. */
  private byCaller(): EventStream[][] {
    const byCaller = new Map<string, EventStream[]>();
    for (const stream of this.streams) {
      const key = JSON.stringify(stream.caller);
      const others = byCaller.get(key);
      if (others) others.push(stream);
      else byCaller.set(key, [stream]);
    }
    return [...byCaller.values()];
  }

  /** @param streams of one caller */
  private async check(streams: readonly EventStream[]): Promise<void> {
    const caller = streams[0]?.caller;
    if (!caller || (await this.mayStay(caller))) return;
    for (const stream of streams) void stream.end();
  }

  private async mayStay(caller: Principal): Promise<boolean> {
    if (caller.expiresAt !== null && caller.expiresAt <= this.clock.now()) return false;
    // When the check fails, the database is down: no events can be read or sent either.
    return this.principals.stillValid(caller).catch(() => true);
  }
}
