import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Config } from '#kernel/config/config';
import type { Clock } from '#kernel/domain/clock';
import { newTenantId, type TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import type { EventLog, LogPosition } from '#kernel/events/event-log';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { toPublicEvent } from '#kernel/events/public-events';
import type { EventSelection, EventPage, PublicEventLog } from '#kernel/events/public-event-log';
import type { Principal } from '#kernel/http/principal';
import { Metrics } from '#kernel/metrics/metrics';
import type { Principals } from '#modules/users/api';
import { EventFilter } from '../../domain/event-filter.js';
import { OpenStream } from './open-stream.js';
import type { StreamSink } from './stream-sink.js';
import { StreamSupervisor } from './stream-supervisor.js';
import { TenantFeeds } from './tenant-feeds.js';

const tenantId = newTenantId();
const caller: Principal = { kind: 'key', id: 'key_1', tenantId, scopes: ['events:read'], expiresAt: null };
const TYPES = ['incident.created', 'incident.status_changed', 'remediation.proposed'];

/** A seeded random generator, so that a failed run can be repeated. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A log that answers with random delays, as of the moment it was asked or later. */
class UnevenLog {
  readonly events: LoggedEvent[] = [];
  constructor(private readonly roll: (sides: number) => number) {}

  append(): void {
    const seq = this.events.length + 1;
    const incidentId = this.roll(2) ? 'inc_1' : 'inc_2';
    const type = TYPES[this.roll(TYPES.length)] ?? '';
    this.events.push({
      seq, id: `evt_${seq}`, type, tenantId, data: '{}', incidentId, actor: null, correlationId: null, occurredAt: new Date(0),
    }); // prettier-ignore
  }

  async pages(places: readonly LogPosition[], limit: number): Promise<LoggedEvent[][]> {
    await this.pause();
    const pages = places.map(({ after }) => this.events.slice(after, after + limit));
    await this.pause();
    return pages;
  }

  /** Ends a page after `limit` sequence numbers, or after `limit` chosen events. */
  async page(_: unknown, choice: EventSelection, after: number, limit: number): Promise<EventPage> {
    await this.pause();
    const head = this.events.length;
    const isWalk = choice.types.length === TYPES.length;
    const chosen = this.events
      .slice(after, isWalk ? after + limit : head)
      .filter((event) => isChosen(event, choice));
    const events = chosen.slice(0, limit);
    await this.pause();
    const upTo = isWalk ? after + limit : (events.at(-1)?.seq ?? after);
    const isLast = isWalk ? upTo >= head : events.length < limit;
    const page = { events: () => events.map(toPublicEvent), cutTo: undefined };
    return { ...page, upTo: isLast ? Math.max(after, head) : upTo, isLast };
  }

  heads(): Promise<Map<TenantId, number>> {
    return Promise.resolve(new Map([[tenantId, this.events.length]]));
  }

  private async pause(): Promise<void> {
    for (let turns = this.roll(4); turns > 0; turns--) await turn();
  }
}

function isChosen({ type, incidentId }: LoggedEvent, choice: EventSelection): boolean {
  return choice.types.includes(type) && (choice.incidentId ?? incidentId) === incidentId;
}

/** Records what is written to it; its buffer is full now and then. */
class RecordingSink implements StreamSink {
  readonly bufferedBytes = 0;
  readonly sentBytes = 0;
  private text = '';
  constructor(private readonly roll: (sides: number) => number) {}

  get ids(): string[] {
    return [...this.text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');
  }
  write(chunk: Buffer): void {
    this.text += chunk.toString();
  }
  async drained(): Promise<void> {
    for (let turns = this.roll(3); turns > 0; turns--) await turn();
  }
  end(): Promise<void> {
    this.text += 'ended';
    return Promise.resolve();
  }
  abort(): void {
    this.text += 'aborted';
  }
}

function setUp(log: UnevenLog): { openStream: OpenStream; committed: CommittedEvents; feeds: TenantFeeds } {
  const committed = new CommittedEvents();
  const config = { streamBufferBytes: 1_000_000 } as Config;
  const supervisor = new StreamSupervisor(config, {} as Clock, {} as Principals, new Metrics());
  const feeds = new TenantFeeds(log as unknown as EventLog, committed);
  return {
    openStream: new OpenStream(config, log as unknown as PublicEventLog, feeds, supervisor),
    committed,
    feeds,
  };
}

/** What a bus may do: deliver the newest events, repeat older ones, or leave some out. */
function deliverByBus(
  { events }: UnevenLog,
  committed: CommittedEvents,
  roll: (sides: number) => number,
): void {
  const from = Math.max(0, events.length - roll(12));
  const delivered = events.slice(from, from + 1 + roll(12)).filter(() => roll(20) > 0);
  if (delivered.length > 0) committed.arrived(tenantId, () => delivered);
}

interface Subscriber {
  readonly sink: RecordingSink;
  readonly filter: EventFilter;
  readonly after: number;
  readonly leave: () => void;
}

/** Subscribers come and go while the log grows. @returns the log, and the subscribers that stayed */
async function randomRun(seed: number): Promise<{ log: UnevenLog; subscribers: Subscriber[] }> {
  const roll = dice(seed);
  const log = new UnevenLog(roll);
  const { openStream, committed, feeds } = setUp(log);
  feeds.onApplicationBootstrap();
  const subscribers: Subscriber[] = [];
  for (let n = roll(2_000); n > 0; n--) log.append();
  for (let step = 0; step < 120; step++) {
    for (let n = roll(6); n > 0; n--) log.append();
    if (roll(3)) committed.announce([tenantId]);
    if (seed % 2 && roll(2)) deliverByBus(log, committed, roll);
    if (roll(4) === 0) {
      const sink = new RecordingSink(roll);
      const events = ['*', 'incident.*', 'remediation.proposed'][roll(3)];
      const filter = EventFilter.of({ events, incidentId: roll(2) ? 'inc_1' : undefined }, TYPES);
      const needsReplay = roll(4) > 0;
      const after = needsReplay ? roll(log.events.length + 1) : log.events.length;
      const leave = openStream.execute({ caller, filter, start: { after, needsReplay } }, sink);
      subscribers.push({ sink, filter, after, leave });
    }
    if (roll(9) === 0) subscribers.splice(roll(subscribers.length), 1)[0]?.leave();
    // A feed pauses between two reads.
    await (roll(8) ? turn() : pause(1));
  }
  committed.announce([tenantId]);
  // A feed that trusts its bus waits for it a moment.
  for (let tries = 0; tries < 5_000; tries++) {
    if (subscribers.every((each) => each.sink.ids.length >= due(log, each).length)) break;
    await (tries < 100 ? turn() : pause(1));
  }
  feeds.beforeApplicationShutdown();
  return { log, subscribers };
}

function due({ events }: UnevenLog, { filter, after }: Subscriber): string[] {
  return events
    .slice(after)
    .filter((event) => filter.matches(event))
    .map(({ id }) => id);
}

describe('a stream, from replay to live', () => {
  it('has each matching event once and in order, under any interleaving', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const { log, subscribers } = await randomRun(seed);
      const received = subscribers.map(({ sink }) => sink.ids);
      expect({ seed, received }).toEqual({ seed, received: subscribers.map((each) => due(log, each)) });
    }
  });
});

/** A subscriber that reads nothing until `begin()`, and then everything. */
class StalledSink extends RecordingSink {
  ended = false;
  begin: () => void = () => undefined;
  private readonly taking = new Promise<void>((resolve) => (this.begin = resolve));
  override async drained(): Promise<void> {
    await this.taking;
  }
  override end(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }
}

/** A log that fails after three pages. */
class FailingLog extends UnevenLog {
  chosen = 0;
  override page(...question: Parameters<UnevenLog['page']>): Promise<EventPage> {
    this.chosen += 1;
    if (this.chosen > 3) return Promise.reject(new Error('the database is down'));
    return super.page(...question);
  }
}

/** A log of events so large that three make a page, and small ones after position 300. */
class HeavyLog extends UnevenLog {
  readonly limits: number[] = [];
  override async page(...[tenant, choice, after, limit]: Parameters<UnevenLog['page']>): Promise<EventPage> {
    this.limits.push(limit);
    const cutTo = after < 300 && limit > 3 ? 3 : undefined;
    const page = await super.page(tenant, choice, after, cutTo ?? limit);
    return { ...page, cutTo };
  }
}

async function opened(log: UnevenLog): Promise<StalledSink> {
  for (let n = 0; n < 5_000; n++) log.append();
  const sink = new StalledSink(dice(1));
  const filter = EventFilter.of({}, TYPES);
  setUp(log).openStream.execute({ caller, filter, start: { after: 0, needsReplay: true } }, sink);
  for (let turns = 0; turns < 100; turns++) await turn();
  return sink;
}

describe('a subscriber that is slow to read its replay', () => {
  it('has one page read ahead of the one being sent', async () => {
    const log = new FailingLog(dice(1));
    const sink = await opened(log);
    expect(log.chosen).toBe(2);
    expect(sink.ids).toHaveLength(800);
  });

  it('has fewer events read at once where they are large, and more again where they are small', async () => {
    const log = new HeavyLog(dice(1));
    const sink = await opened(log);
    sink.begin();
    for (let turns = 0; turns < 5_000 && sink.ids.length < 5_000; turns++) await turn();
    expect(sink.ids).toEqual(log.events.map(({ id }) => id));
    expect(log.limits.slice(0, 5)).toEqual([800, 3, 6, 3, 6]);
    expect(log.limits.slice(-3)).toEqual([800, 800, 800]);
  });

  it('is sent what was read, and its stream ends, when the log cannot be read any more', async () => {
    Logger.overrideLogger(false);
    const sink = await opened(new FailingLog(dice(1)));
    sink.begin();
    for (let turns = 0; turns < 5_000 && !sink.ended; turns++) await turn();
    expect(sink.ended).toBe(true);
    expect(sink.ids).toHaveLength(2_400);
  });
});
