import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import { byTenant } from '../domain/by-tenant.js';
import type { TenantId } from '../domain/ids.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { DomainEvent } from './define-event.js';

/** The events being delivered to a handler, each tenant's in the order of its log. */
interface Delivery {
  readonly handler: string;
  readonly events: readonly DomainEvent[];
}

const deliveries = new AsyncLocalStorage<Delivery>();

/** Runs a handler so that `Once` knows which events are being delivered to it. */
export function runDelivery<T>(handler: string, events: readonly DomainEvent[], work: () => T): T {
  return deliveries.run({ handler, events }, work);
}

/**
 * Events are delivered at least once; effects happen exactly once. The sequence numbers of the handled events are stored in the
 * transaction of the effect, so either both are stored or neither is. Of two concurrent deliveries one waits, and then finds
 * the effect done. See docs/adr/0014-once.md.
 */
@Injectable()
export class Once {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * @param name identifies the effect in the database; it must never change
   * @returns false when the effect had happened before
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
   * The same for a batch of events of one or several tenants, in one transaction: `effect` gets the events that were not
   * handled before.
   */
  async doMany<E extends DomainEvent>(
    name: string,
    events: readonly [E, ...E[]],
    effect: (fresh: readonly E[]) => Promise<void>,
  ): Promise<void> {
    const delivery = deliveries.getStore();
    const delivered = byTenant(delivery?.events ?? []);
    const marks = [...byTenant(events)].map(([tenantId, own]) => {
      const seqs = own.map(({ seq }) => seq);
      return { tenantId, seqs, ranges: rangesOf(seqs, delivered.get(tenantId) ?? []) };
    });
    const tenantIds = marks.map(({ tenantId }) => tenantId);
    await this.unitOfWork.run(tenantIds, async ({ query }) => {
      const marked = await query<{ tenantId: TenantId; fresh: string[] }>(MARK_HANDLED, [
        JSON.stringify(marks),
        name,
        delivery?.handler ?? null,
      ]);
      const freshSeqs = new Map(marked.map(({ tenantId, fresh }) => [tenantId, new Set(fresh.map(Number))]));
      const fresh = events.filter(({ tenantId, seq }) => freshSeqs.get(tenantId)?.has(seq));
      if (fresh.length > 0) await effect(fresh);
    });
  }
}

/** Locks one tenant after the other, in the order of the array. */
const MARK_HANDLED = {
  name: 'mark-handled',
  text: `
  SELECT "tenantId", mark_handled("tenantId", $2, $3, ranges, seqs) AS fresh
    FROM json_to_recordset($1) AS t ("tenantId" text, ranges int8multirange, seqs bigint[])`,
};

/**
 * The handled sequence numbers as a PostgreSQL multirange. Events between two consecutive deliveries to a handler do not
 * concern it, so their numbers are marked together with the later one, which keeps the ranges few.
 */
function rangesOf(seqs: readonly number[], delivered: readonly DomainEvent[]): string {
  const unmarked = new Set(seqs);
  const ranges: [number, number][] = [];
  let previous: number | undefined;
  for (const { seq } of delivered) {
    if (unmarked.delete(seq)) {
      const range = ranges.at(-1);
      if (range && range[1] === previous) range[1] = seq;
      else ranges.push([(previous ?? seq - 1) + 1, seq]);
    }
    previous = seq;
  }
  for (const seq of unmarked) ranges.push([seq, seq]);
  return `{${ranges.map(([first, last]) => `[${first},${last}]`).join(',')}}`;
}
