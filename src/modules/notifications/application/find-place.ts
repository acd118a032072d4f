import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { isId, type TenantId } from '#kernel/domain/ids';
import { EventLog } from '#kernel/events/event-log';
import { gathered } from '#kernel/persistence/gathered';
import { Tenants } from '#modules/tenants/api';

const DAY_MS = 86_400_000;

/** Stands for the oldest event that is kept. */
const FROM_THE_OLDEST = '0';

/** Where a stream begins. */
export interface Beginning {
  /** The place after which it begins. */
  readonly after: number;
  /** Whether there can be events after that place already. */
  readonly inThePast: boolean;
  /** Set when the event asked for is not kept; null inside when nothing is. */
  readonly truncated?: { readonly oldestEventId: string | null };
}

/** Finds where in a tenant's log a reader goes on. Only the window that the tenant keeps counts. */
@Injectable()
export class FindPlace {
  /** Asked together, since streams are opened by the hundred when a replica or a network comes back. */
  private readonly head = gathered<TenantId, number>(async (tenantIds) => {
    const heads = await this.eventLog.heads(tenantIds);
    return tenantIds.map((tenantId) => heads.get(tenantId) ?? 0);
  });

  constructor(
    private readonly eventLog: EventLog,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** @param lastEventId the last event that the reader has, `0` for none, undefined for "from now on" */
  async begin(tenantId: TenantId, lastEventId: string | undefined): Promise<Beginning> {
    if (lastEventId === undefined) return { after: await this.head(tenantId), inThePast: false };
    const after = await this.after(tenantId, lastEventId);
    if (after !== undefined) return { after, inThePast: true };
    const { id, before } = await this.oldest(tenantId);
    return { after: before, inThePast: true, truncated: { oldestEventId: id } };
  }

  /**
   * @param lastEventId the last event that the reader has, or `0` for none
   * @returns the place after which the reader goes on; undefined when the kept log has no such event
   */
  async after(tenantId: TenantId, lastEventId: string): Promise<number | undefined> {
    if (lastEventId === FROM_THE_OLDEST) return (await this.oldest(tenantId)).before;
    if (!isId('evt', lastEventId)) return undefined;
    return this.eventLog.placeOf(tenantId, lastEventId, await this.keptSince(tenantId));
  }

  /** The oldest event that is kept, and the place just before it. */
  private async oldest(tenantId: TenantId): Promise<{ id: string | null; before: number }> {
    // First, so that what comes in between lies after it.
    const head = await this.head(tenantId);
    const oldest = await this.eventLog.oldest(tenantId, await this.keptSince(tenantId));
    return oldest ? { id: oldest.id, before: oldest.seq - 1 } : { id: null, before: head };
  }

  private async keptSince(tenantId: TenantId): Promise<Date> {
    const { settings } = await this.tenants.profile(tenantId);
    return new Date(this.clock.now().getTime() - settings.retentionDays.events * DAY_MS);
  }
}
