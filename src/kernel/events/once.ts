import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { DomainEvent } from './define-event.js';

/**
 * Events come at least once; effects happen exactly once. The marker is written in the transaction of the effect, so
 * either both are there or neither is, and of two deliveries at the same time one waits and then finds it done.
 */
@Injectable()
export class Once {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * @param handler the name under which this effect is remembered; it must never change
   * @returns false when the effect was there already
   */
  async do(handler: string, event: DomainEvent, effect: () => Promise<void>): Promise<boolean> {
    return this.unitOfWork.run(event.tenantId, async ({ manager }) => {
      const marked: unknown[] = await manager.query(
        `INSERT INTO handled_events (tenant_id, handler, event_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING event_id`,
        [event.tenantId, handler, event.id],
      );
      if (marked.length === 0) return false;
      await effect();
      return true;
    });
  }

  /** The same for a batch of one tenant's events: `effect` is given those that were not handled before. */
  async doMany<E extends DomainEvent>(
    handler: string,
    events: readonly [E, ...E[]],
    effect: (fresh: readonly E[]) => Promise<void>,
  ): Promise<void> {
    const { tenantId } = events[0];
    await this.unitOfWork.run(tenantId, async ({ manager }) => {
      const marked: { event_id: string }[] = await manager.query(
        `INSERT INTO handled_events (tenant_id, handler, event_id)
         SELECT $1, $2, id FROM unnest($3::text[]) AS id ORDER BY id
         ON CONFLICT DO NOTHING RETURNING event_id`,
        [tenantId, handler, events.map(({ id }) => id)],
      );
      const fresh = new Set(marked.map(({ event_id }) => event_id));
      if (fresh.size > 0) await effect(events.filter(({ id }) => fresh.has(id)));
    });
  }
}
