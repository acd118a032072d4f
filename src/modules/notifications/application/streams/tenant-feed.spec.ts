import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { LoggedEvent } from '#kernel/events/logged-event';
import type { Principal } from '#kernel/http/principal';
import { EventFilter } from '../../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import type { StreamSink } from './stream-sink.js';
import { EVENTS_PER_READ, TenantFeed } from './tenant-feed.js';

const tenantId = newTenantId();
const caller: Principal = { kind: 'key', id: 'key_1', tenantId, scopes: ['events:read'], expiresAt: null };
const TYPE = 'incident.created';

/** The events `first` to `last` of a log. */
function events(first: number, last: number, data = '{}'): LoggedEvent[] {
  return Array.from({ length: last - first + 1 }, (_, n) => ({
    ...{ seq: first + n, id: `evt_${first + n}`, type: TYPE, tenantId, data, incidentId: null },
    ...{ actor: null, correlationId: null, occurredAt: new Date(0) },
  }));
}

/** A stream, the sequence numbers of the events it was sent, and the size of each chunk. */
function subscriber(): { stream: EventStream; seqs: () => number[]; sizes: number[] } {
  let text = '';
  const sizes: number[] = [];
  const sink: StreamSink = {
    bufferedBytes: 0,
    sentBytes: 0,
    write: (chunk) => {
      text += chunk.toString();
      sizes.push(chunk.length);
    },
    drained: () => Promise.resolve(),
    end: () => Promise.resolve(),
    abort: () => undefined,
  };
  const stream = new EventStream({
    ...{ caller, filter: EventFilter.of({}, [TYPE]), sink, bufferBytes: 1_000_000 },
  });
  return {
    stream,
    sizes,
    seqs: () => [...text.matchAll(/^id: evt_(\d+)$/gm)].map(([, seq]) => Number(seq)),
  };
}

const seqsOf = (all: readonly LoggedEvent[]): number[] => all.map(({ seq }) => seq);

describe('a stream that has read further than the feed of its tenant', () => {
  it('misses nothing when a bus delivers more at once than the feed remembers', async () => {
    let answer: (page: readonly LoggedEvent[]) => void = () => undefined;
    const feed = new TenantFeed(
      10,
      () => new Promise((resolve) => (answer = resolve)),
      (error) => {
        throw error;
      },
    );
    const [live, ahead] = [subscriber(), subscriber()];
    feed.join(live.stream, 10);
    expect(feed.join(ahead.stream, 30)).toBe(true);
    const delivered = events(11, 30 + 2 * EVENTS_PER_READ);
    feed.receive(delivered);
    answer([]);
    await Promise.resolve();
    const after = events(31 + 2 * EVENTS_PER_READ, 32 + 2 * EVENTS_PER_READ);
    feed.receive(after);
    expect(live.seqs()).toEqual(seqsOf([...delivered, ...after]));
    expect(ahead.seqs()).toEqual(seqsOf([...delivered.slice(20), ...after]));
  });
});

describe('a feed of large events', () => {
  it('dispatches them in chunks, in order, and remembers no more bytes than of small ones', async () => {
    const all = events(1, 100, JSON.stringify('x'.repeat(100_000)));
    const feed = new TenantFeed(
      0,
      (after) => Promise.resolve(all.slice(after, after + EVENTS_PER_READ)),
      (error) => {
        throw error;
      },
    );
    const { stream, seqs, sizes } = subscriber();
    feed.join(stream, 0);
    feed.wake();
    for (let turns = 0; turns < 1_000 && seqs().length < all.length; turns++) await turn();
    expect(seqs()).toEqual(seqsOf(all));
    expect(Math.max(...sizes)).toBeLessThan(1_200_000);
    const [late, later] = [subscriber(), subscriber()];
    expect(feed.join(late.stream, 85)).toBe(false);
    expect(feed.join(later.stream, 92)).toBe(true);
    expect(later.seqs()).toEqual(seqsOf(all.slice(92)));
  });
});

describe('a feed whose bus keeps up', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** A feed at position 1, and the positions after which it has read the log. */
  function feedOnBus(): { feed: TenantFeed; reads: number[] } {
    const reads: number[] = [];
    const feed = new TenantFeed(
      0,
      (after) => {
        reads.push(after);
        return Promise.resolve([]);
      },
      (error) => {
        throw error;
      },
    );
    feed.join(subscriber().stream, 0);
    feed.receive(events(1, 1));
    return { feed, reads };
  }

  it('reads nothing as long as announced events are delivered in time', async () => {
    const { feed, reads } = feedOnBus();
    feed.logGrew();
    feed.receive(events(2, 2));
    feed.logGrew();
    await jest.advanceTimersToNextTimerAsync();
    feed.receive(events(3, 3));
    await jest.advanceTimersToNextTimerAsync();
    expect(jest.getTimerCount()).toBe(0);
    expect(reads).toEqual([]);
    expect(feed.needsPolling).toBe(false);
  });

  it('reads when they are not, and at every announcement until the bus delivers again', async () => {
    const { feed, reads } = feedOnBus();
    feed.logGrew();
    expect(reads).toEqual([]);
    await jest.advanceTimersToNextTimerAsync();
    expect(reads).toEqual([1]);
    expect(feed.needsPolling).toBe(true);
    feed.logGrew();
    expect(reads).toEqual([1, 1]);
    feed.receive(events(2, 2));
    feed.logGrew();
    expect(reads).toEqual([1, 1]);
    expect(feed.needsPolling).toBe(false);
  });

  it('reads when events announced after a delivery are not delivered', async () => {
    const { feed, reads } = feedOnBus();
    feed.logGrew();
    feed.receive(events(2, 2));
    feed.logGrew();
    await jest.advanceTimersToNextTimerAsync();
    expect(reads).toEqual([]);
    await jest.advanceTimersToNextTimerAsync();
    expect(reads).toEqual([2]);
  });

  it('reads what a delivery leaves out', () => {
    const { feed, reads } = feedOnBus();
    feed.receive(events(3, 4));
    expect(reads).toEqual([1]);
  });
});
