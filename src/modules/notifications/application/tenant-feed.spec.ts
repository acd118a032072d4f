import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { LoggedEvent } from '#kernel/events/logged-event';
import type { Principal } from '#kernel/http/principal';
import { EventFilter } from '../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import type { Outlet } from './outlet.js';
import { EVENTS_A_READ, TenantFeed } from './tenant-feed.js';

const tenantId = newTenantId();
const caller: Principal = { kind: 'key', id: 'key_1', tenantId, scopes: ['events:read'], expiresAt: null };
const TYPE = 'incident.created';

/** The events at places `first` to `last` of a log. */
function events(first: number, last: number, data = '{}'): LoggedEvent[] {
  return Array.from({ length: last - first + 1 }, (_, n) => ({
    ...{ seq: first + n, id: `evt_${first + n}`, type: TYPE, tenantId, data, incidentId: null },
    ...{ actor: null, correlationId: null, occurredAt: new Date(0) },
  }));
}

/** A reader, the places of what it was sent, and how large each piece of it was. */
function reader(): { stream: EventStream; places: () => number[]; sizes: number[] } {
  let text = '';
  const sizes: number[] = [];
  const outlet: Outlet = {
    waiting: 0,
    left: 0,
    write: (chunk) => {
      text += chunk.toString();
      sizes.push(chunk.length);
    },
    drained: () => Promise.resolve(),
    end: () => Promise.resolve(),
    cut: () => undefined,
  };
  const stream = new EventStream({
    ...{ caller, filter: EventFilter.of({}, [TYPE]), outlet, bufferBytes: 1_000_000 },
  });
  return {
    stream,
    sizes,
    places: () => [...text.matchAll(/^id: evt_(\d+)$/gm)].map(([, place]) => Number(place)),
  };
}

const placesOf = (all: readonly LoggedEvent[]): number[] => all.map(({ seq }) => seq);

describe('a reader that has read further than the feed of its tenant', () => {
  it('misses nothing when a bus brings more at once than the feed remembers', async () => {
    let answer: (page: readonly LoggedEvent[]) => void = () => undefined;
    const feed = new TenantFeed(
      10,
      () => new Promise((resolve) => (answer = resolve)),
      (error) => {
        throw error;
      },
    );
    const [live, ahead] = [reader(), reader()];
    feed.join(live.stream, 10);
    expect(feed.join(ahead.stream, 30)).toBe(true);
    const brought = events(11, 30 + 2 * EVENTS_A_READ);
    feed.offer(brought);
    answer([]);
    await Promise.resolve();
    const after = events(31 + 2 * EVENTS_A_READ, 32 + 2 * EVENTS_A_READ);
    feed.offer(after);
    expect(live.places()).toEqual(placesOf([...brought, ...after]));
    expect(ahead.places()).toEqual(placesOf([...brought.slice(20), ...after]));
  });
});

describe('a feed of large events', () => {
  it('passes them on in pieces, in order, and remembers no more of them than of small ones', async () => {
    const all = events(1, 100, JSON.stringify('x'.repeat(100_000)));
    const feed = new TenantFeed(
      0,
      (after) => Promise.resolve(all.slice(after, after + EVENTS_A_READ)),
      (error) => {
        throw error;
      },
    );
    const { stream, places, sizes } = reader();
    feed.join(stream, 0);
    feed.wake();
    for (let turns = 0; turns < 1_000 && places().length < all.length; turns++) await turn();
    expect(places()).toEqual(placesOf(all));
    expect(Math.max(...sizes)).toBeLessThan(1_200_000);
    const [late, later] = [reader(), reader()];
    expect(feed.join(late.stream, 85)).toBe(false);
    expect(feed.join(later.stream, 92)).toBe(true);
    expect(later.places()).toEqual(placesOf(all.slice(92)));
  });
});
