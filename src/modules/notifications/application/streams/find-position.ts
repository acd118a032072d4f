import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { isId, type TenantId } from '#kernel/domain/ids';
import { EventLog } from '#kernel/events/event-log';
import { batchedLookup } from '#kernel/persistence/batched-lookup';
import { Tenants } from '#modules/tenants/api';

const DAY_MS = 86_400_000;

/** As a last event id: replay from the oldest event that is kept. */
const FROM_THE_OLDEST = '0';

export interface StartPosition {
  /** The sequence number after which the stream starts. */
  readonly after: number;
  /** Whether there may already be events after that position. */
  readonly needsReplay: boolean;
  /** Set when the requested event is no longer kept; `oldestEventId` is null when no event is. */
  readonly truncated?: { readonly oldestEventId: string | null };
}

/** Finds the position in a tenant's log at which a subscriber resumes, within the tenant's retention period. */
@Injectable()
export class FindPosition {
  /** Batched, since streams are opened by the hundred when a replica or a network comes back. */
  private readonly head = batchedLookup<TenantId, number>(async (tenantIds) => {
    const heads = await this.eventLog.heads(tenantIds);
    return tenantIds.map((tenantId) => heads.get(tenantId) ?? 0);
  });

  constructor(
    private readonly eventLog: EventLog,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
  ) {}

  /** @param lastEventId the last event that the subscriber has, `0` for none, undefined for "from now on" */
  async start(tenantId: TenantId, lastEventId: string | undefined): Promise<StartPosition> {
    if (lastEventId === undefined) return { after: await this.head(tenantId), needsReplay: false };
    const after = await this.after(tenantId, lastEventId);
    if (after !== undefined) return { after, needsReplay: true };
    const { id, before } = await this.oldest(tenantId);
    return { after: before, needsReplay: true, truncated: { oldestEventId: id } };
  }

  /**
   * @param lastEventId the last event that the subscriber has, or `0` for none
   * @returns the sequence number after which it resumes; undefined when the event is not in the kept log
   */
  async after(tenantId: TenantId, lastEventId: string): Promise<number | undefined> {
    if (lastEventId === FROM_THE_OLDEST) return (await this.oldest(tenantId)).before;
    if (!isId('evt', lastEventId)) return undefined;
    return this.eventLog.findSeq(tenantId, lastEventId, await this.keptSince(tenantId));
  }

  /** The oldest kept event, and the position just before it. */
  private async oldest(tenantId: TenantId): Promise<{ id: string | null; before: number }> {
    // Read first, so that an event appended in between is after the position.
    const head = await this.head(tenantId);
    const oldest = await this.eventLog.oldest(tenantId, await this.keptSince(tenantId));
    return oldest ? { id: oldest.id, before: oldest.seq - 1 } : { id: null, before: head };
  }

  private async keptSince(tenantId: TenantId): Promise<Date> {
    const { settings } = await this.tenants.profile(tenantId);
    return new Date(this.clock.now().getTime() - settings.retentionDays.events * DAY_MS);
  }
}
