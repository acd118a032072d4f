import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { DomainEvent } from './define-event.js';

/** Whom the events are being told to, and all that it is told of at this time, in the order of the log. */
interface Telling {
  readonly handler: string;
  readonly events: readonly DomainEvent[];
}

const telling = new AsyncLocalStorage<Telling>();

/** Tells a handler of events, so that `Once` knows what it is told of. */
export function tell<T>(handler: string, events: readonly DomainEvent[], work: () => T): T {
  return telling.run({ handler, events }, work);
}

/**
 * Events come at least once; effects happen exactly once. Which places of the log they are there for is written in the
 * transaction of the effect, so either both are there or neither is, and of two deliveries at the same time one waits and
 * then finds it done. See docs/adr/0014-once.md.
 */
@Injectable()
export class Once {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * @param name under which this effect is remembered; it must never change
   * @returns false when the effect was there already
   */
  async do(name: string, event: DomainEvent, effect: () => Promise<void>): Promise<boolean> {
    let isFresh = false;
    await this.doMany(name, [event], async () => {
      isFresh = true;
      await effect();
    });
    return isFresh;
  }

  /** The same for a batch of one tenant's events: `effect` is given those that were not handled before. */
  async doMany<E extends DomainEvent>(
    name: string,
    events: readonly [E, ...E[]],
    effect: (fresh: readonly E[]) => Promise<void>,
  ): Promise<void> {
    const { tenantId } = events[0];
    const seqs = events.map(({ seq }) => seq);
    const now = telling.getStore();
    await this.unitOfWork.run(tenantId, async ({ manager }) => {
      const [marked]: { fresh: string[] }[] = await manager.query(
        'SELECT mark_handled($1, $2, $3, $4, $5) AS fresh',
        [tenantId, name, now?.handler ?? null, placesOf(seqs, now?.events ?? []), seqs],
      );
      const places = new Set(marked?.fresh.map(Number));
      const fresh = events.filter(({ seq }) => places.has(seq));
      if (fresh.length > 0) await effect(fresh);
    });
  }
}

/** What lies between two events that a handler is told one after the other does not concern it, and goes with the later. */
function placesOf(seqs: readonly number[], told: readonly DomainEvent[]): string {
  const chosen = new Set(seqs);
  const ranges: [number, number][] = [];
  let before: number | undefined;
  for (const { seq } of told) {
    if (chosen.delete(seq)) {
      const range = ranges.at(-1);
      if (range && range[1] === before) range[1] = seq;
      else ranges.push([(before ?? seq - 1) + 1, seq]);
    }
    before = seq;
  }
  for (const seq of chosen) ranges.push([seq, seq]);
  return `{${ranges.map(([first, last]) => `[${first},${last}]`).join(',')}}`;
}
