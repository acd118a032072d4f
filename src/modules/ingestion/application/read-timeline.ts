import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { EventLog } from '#kernel/events/event-log';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { Cursors, type Page } from '#kernel/http/page';
import { Tenants } from '#modules/tenants/api';
import { Incidents } from '../domain/incidents.js';

const DAY_MS = 86_400_000;

/** Everything that happened to an incident, in order: the events of all modules, and what people changed. */
@Injectable()
export class ReadTimeline {
  constructor(
    private readonly incidents: Incidents,
    private readonly eventLog: EventLog,
    private readonly tenants: Tenants,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async execute(
    tenantId: TenantId,
    incidentId: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<Page<LoggedEvent>> {
    const list = `timeline:${incidentId}`;
    const [after = 0] = this.cursors.open(tenantId, list, cursor) ?? [];
    await this.incidents.get(tenantId, incidentId);
    const { settings } = await this.tenants.profile(tenantId);
    const keptSince = new Date(this.clock.now().getTime() - settings.retentionDays.events * DAY_MS);
    const page = { after: Number(after), keptSince, limit: limit + 1 };
    const events = await this.eventLog.ofIncident(tenantId, incidentId, page);
    return this.cursors.page(events, {
      tenantId,
      list,
      limit,
      position: ({ seq }) => [seq],
    });
  }
}
