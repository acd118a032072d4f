import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { byTenant } from '../domain/by-tenant.js';
import type { TenantId } from '../domain/ids.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { DomainEvent } from './define-event.js';

/** Whom the events are being told to, and all that it is told of at this time, in the order of the logs. */
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

  /**
   * The same for a batch of events, of one tenant or of several, who then share a transaction: `effect` is given those that
   * were not handled before.
   */
  async doMany<E extends DomainEvent>(
    name: string,
    events: readonly [E, ...E[]],
    effect: (fresh: readonly E[]) => Promise<void>,
  ): Promise<void> {
    const now = telling.getStore();
    const told = byTenant(now?.events ?? []);
    const marks = [...byTenant(events)].map(([tenantId, own]) => {
      const seqs = own.map(({ seq }) => seq);
      return { tenantId, seqs, told: placesOf(seqs, told.get(tenantId) ?? []) };
    });
    const tenantIds = marks.map(({ tenantId }) => tenantId);
    await this.unitOfWork.run(tenantIds, async ({ query }) => {
      const marked = await query<{ tenantId: TenantId; fresh: string[] }>(MARK_HANDLED, [
        JSON.stringify(marks),
        name,
        now?.handler ?? null,
      ]);
      const places = new Map(marked.map(({ tenantId, fresh }) => [tenantId, new Set(fresh.map(Number))]));
      const fresh = events.filter(({ tenantId, seq }) => places.get(tenantId)?.has(seq));
      if (fresh.length > 0) await effect(fresh);
    });
  }
}

/** One tenant after the other, in the order in which they come. */
const MARK_HANDLED = {
  name: 'mark-handled',
  text: `
  SELECT "tenantId", mark_handled("tenantId", $2, $3, told, seqs) AS fresh
    FROM json_to_recordset($1) AS t ("tenantId" text, told int8multirange, seqs bigint[])`,
};

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
