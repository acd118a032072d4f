import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Config } from '#kernel/config/config';
import type { Clock } from '#kernel/domain/clock';
import { newTenantId, type TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import type { EventLog, PlaceInLog } from '#kernel/events/event-log';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { told } from '#kernel/events/told-events';
import type { EventChoice, EventPage, ToldLog } from '#kernel/events/told-log';
import type { Principal } from '#kernel/http/principal';
import { Metrics } from '#kernel/metrics/metrics';
import type { Principals } from '#modules/users/api';
import { EventFilter } from '../domain/event-filter.js';
import { OpenStream } from './open-stream.js';
import type { Outlet } from './outlet.js';
import { StreamKeeper } from './stream-keeper.js';
import { TenantFeeds } from './tenant-feeds.js';

const tenantId = newTenantId();
const caller: Principal = { kind: 'key', id: 'key_1', tenantId, scopes: ['events:read'], expiresAt: null };
const TYPES = ['incident.created', 'incident.status_changed', 'remediation.proposed'];

/** The same numbers for the same seed, so that a run that failed can be had again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** A log that answers late and unevenly, as of the moment at which it was asked or of a later one. */
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

  async pages(places: readonly PlaceInLog[], limit: number): Promise<LoggedEvent[][]> {
    await this.pause();
    const pages = places.map(({ after }) => this.events.slice(after, after + limit));
    await this.pause();
    return pages;
  }

  /** Ends a page after so many places, or after so many events of those chosen. */
  async choose(_: unknown, choice: EventChoice, after: number, limit: number): Promise<EventPage> {
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
    const page = { events: () => events.map(told), cutTo: undefined };
    return { ...page, upTo: isLast ? Math.max(after, head) : upTo, isLast };
  }

  heads(): Promise<Map<TenantId, number>> {
    return Promise.resolve(new Map([[tenantId, this.events.length]]));
  }

  private async pause(): Promise<void> {
    for (let turns = this.roll(4); turns > 0; turns--) await turn();
  }
}

function isChosen({ type, incidentId }: LoggedEvent, choice: EventChoice): boolean {
  return choice.types.includes(type) && (choice.incidentId ?? incidentId) === incidentId;
}

/** Keeps what was written to it; is full now and then. */
class Paper implements Outlet {
  readonly waiting = 0;
  readonly left = 0;
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
  cut(): void {
    this.text += 'cut';
  }
}

function house(log: UnevenLog): { openStream: OpenStream; committed: CommittedEvents; feeds: TenantFeeds } {
  const committed = new CommittedEvents();
  const config = { streamBufferBytes: 1_000_000 } as Config;
  const keeper = new StreamKeeper(config, {} as Clock, {} as Principals, new Metrics());
  const feeds = new TenantFeeds(log as unknown as EventLog, committed);
  return { openStream: new OpenStream(config, log as unknown as ToldLog, feeds, keeper), committed, feeds };
}

/** What a bus may do: bring the newest events, or older ones once more, or leave some out. */
function bring({ events }: UnevenLog, committed: CommittedEvents, roll: (sides: number) => number): void {
  const from = Math.max(0, events.length - roll(12));
  const brought = events.slice(from, from + 1 + roll(12)).filter(() => roll(20) > 0);
  if (brought.length > 0) committed.arrived(tenantId, () => brought);
}

interface Reader {
  readonly paper: Paper;
  readonly filter: EventFilter;
  readonly after: number;
  readonly leave: () => void;
}

/** Readers come and go while the log grows. @returns the log, and those who stayed */
async function anyCourseOfThings(seed: number): Promise<{ log: UnevenLog; readers: Reader[] }> {
  const roll = dice(seed);
  const log = new UnevenLog(roll);
  const { openStream, committed, feeds } = house(log);
  feeds.onApplicationBootstrap();
  const readers: Reader[] = [];
  for (let n = roll(2_000); n > 0; n--) log.append();
  for (let step = 0; step < 120; step++) {
    for (let n = roll(6); n > 0; n--) log.append();
    if (roll(3)) committed.announce([tenantId]);
    if (seed % 2 && roll(2)) bring(log, committed, roll);
    if (roll(4) === 0) {
      const paper = new Paper(roll);
      const events = ['*', 'incident.*', 'remediation.proposed'][roll(3)];
      const filter = EventFilter.of({ events, incidentId: roll(2) ? 'inc_1' : undefined }, TYPES);
      const inThePast = roll(4) > 0;
      const after = inThePast ? roll(log.events.length + 1) : log.events.length;
      const leave = openStream.execute({ caller, filter, beginning: { after, inThePast } }, paper);
      readers.push({ paper, filter, after, leave });
    }
    if (roll(9) === 0) readers.splice(roll(readers.length), 1)[0]?.leave();
    // Between two reads a feed rests.
    await (roll(8) ? turn() : pause(1));
  }
  committed.announce([tenantId]);
  // A feed that trusts its bus gives it a moment.
  for (let tries = 0; tries < 5_000; tries++) {
    if (readers.every((reader) => reader.paper.ids.length >= due(log, reader).length)) break;
    await (tries < 100 ? turn() : pause(1));
  }
  feeds.beforeApplicationShutdown();
  return { log, readers };
}

function due({ events }: UnevenLog, { filter, after }: Reader): string[] {
  return events
    .slice(after)
    .filter((event) => filter.lets(event))
    .map(({ id }) => id);
}

describe('a stream, from the past to the present', () => {
  it('has each event that it wants once and in order, whatever happens when', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const { log, readers } = await anyCourseOfThings(seed);
      const had = readers.map(({ paper }) => paper.ids);
      expect({ seed, had }).toEqual({ seed, had: readers.map((reader) => due(log, reader)) });
    }
  });
});

/** A reader that takes nothing until it is told to, and then all. */
class Sluggard extends Paper {
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

/** A log that answers three pages, then none any more. */
class FailingLog extends UnevenLog {
  chosen = 0;
  override choose(...question: Parameters<UnevenLog['choose']>): Promise<EventPage> {
    this.chosen += 1;
    if (this.chosen > 3) return Promise.reject(new Error('the database is gone'));
    return super.choose(...question);
  }
}

/** A log of events of which three make a page, until they get smaller. */
class HeavyLog extends UnevenLog {
  readonly asked: number[] = [];
  override async choose(
    ...[tenant, choice, after, limit]: Parameters<UnevenLog['choose']>
  ): Promise<EventPage> {
    this.asked.push(limit);
    const cutTo = after < 300 && limit > 3 ? 3 : undefined;
    const page = await super.choose(tenant, choice, after, cutTo ?? limit);
    return { ...page, cutTo };
  }
}

async function opened(log: UnevenLog): Promise<Sluggard> {
  for (let n = 0; n < 5_000; n++) log.append();
  const paper = new Sluggard(dice(1));
  const filter = EventFilter.of({}, TYPES);
  house(log).openStream.execute({ caller, filter, beginning: { after: 0, inThePast: true } }, paper);
  for (let turns = 0; turns < 100; turns++) await turn();
  return paper;
}

describe('a reader that is slow to take what it missed', () => {
  it('has one page waiting beside the one on its way', async () => {
    const log = new FailingLog(dice(1));
    const paper = await opened(log);
    expect(log.chosen).toBe(2);
    expect(paper.ids).toHaveLength(800);
  });

  it('is not read for more at once than makes a page, and for more again where the events are small', async () => {
    const log = new HeavyLog(dice(1));
    const paper = await opened(log);
    paper.begin();
    for (let turns = 0; turns < 5_000 && paper.ids.length < 5_000; turns++) await turn();
    expect(paper.ids).toEqual(log.events.map(({ id }) => id));
    expect(log.asked.slice(0, 5)).toEqual([800, 3, 6, 3, 6]);
    expect(log.asked.slice(-3)).toEqual([800, 800, 800]);
  });

  it('is sent what was read, and ended, when the log cannot be read any more', async () => {
    Logger.overrideLogger(false);
    const paper = await opened(new FailingLog(dice(1)));
    paper.begin();
    for (let turns = 0; turns < 5_000 && !paper.ended; turns++) await turn();
    expect(paper.ended).toBe(true);
    expect(paper.ids).toHaveLength(2_400);
  });
});
