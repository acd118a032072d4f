import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { isId, type TenantId } from '#kernel/domain/ids';
import { EventLog } from '#kernel/events/event-log';
import { Tenants } from '#modules/tenants/api';

const DAY_MS = 86_400_000;

/** Stands for the oldest event that is kept. */
const FROM_THE_OLDEST = '0';

/** Finds where in a tenant's log a reader goes on. Only the window that the tenant keeps counts. */
@Injectable()
export class FindPlace {
  constructor(
    private readonly eventLog: EventLog,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

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
  async oldest(tenantId: TenantId): Promise<{ id: string | null; before: number }> {
    const oldest = await this.eventLog.oldest(tenantId, await this.keptSince(tenantId));
    if (oldest) return { id: oldest.id, before: oldest.seq - 1 };
    return { id: null, before: await this.eventLog.head(tenantId) };
  }

  private async keptSince(tenantId: TenantId): Promise<Date> {
    const { settings } = await this.tenants.profile(tenantId);
    return new Date(this.clock.now().getTime() - settings.retentionDays.events * DAY_MS);
  }
}
