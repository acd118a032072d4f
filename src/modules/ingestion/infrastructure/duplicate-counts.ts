import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { ReceivedAlert } from '../domain/alert.js';

const FLUSH_MS = 500;

interface Count {
  readonly tenantId: TenantId;
  readonly provider: string;
  readonly sourceAlertId: string | null;
  seen: number;
  last: Date;
}

/** Counts repeats in memory and writes them twice a second: a flapping sender must not become a hot row. */
@Injectable()
export class DuplicateCounts implements OnApplicationShutdown {
  private readonly log = new Logger(DuplicateCounts.name);
  private counts = new Map<string, Count>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly unitOfWork: UnitOfWork) {}

  count({ incident: { tenantId }, provider, sourceAlertId, receivedAt }: ReceivedAlert): void {
    const key = `${tenantId}\n${provider}\n${sourceAlertId ?? ''}`;
    const count = this.counts.get(key);
    if (count) {
      count.seen += 1;
      count.last = receivedAt;
    } else {
      this.counts.set(key, { tenantId, provider, sourceAlertId, seen: 1, last: receivedAt });
    }
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const perTenant = new Map<TenantId, Count[]>();
    for (const count of this.counts.values()) {
      perTenant.set(count.tenantId, [...(perTenant.get(count.tenantId) ?? []), count]);
    }
    this.counts = new Map();
    for (const [tenantId, counts] of perTenant) {
      await this.store(tenantId, counts).catch((error: unknown) =>
        this.log.warn(`Repeats not counted: ${String(error)}`),
      );
    }
  }

  private async store(tenantId: TenantId, counts: readonly Count[]): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `WITH seen AS (
         SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::timestamptz[])
           AS s (provider, source_alert_id, times, last)
       ), counted AS (
         UPDATE alerts a SET duplicates = duplicates + times, last_seen_at = greatest(last_seen_at, last) FROM seen s
          WHERE a.tenant_id = $1 AND a.provider = s.provider AND a.source_alert_id = s.source_alert_id
            AND NOT a.superseded
         RETURNING a.incident_id, times
       )
       UPDATE incidents i SET alert_count = alert_count + times FROM counted c
        WHERE i.tenant_id = $1 AND i.incident_id = c.incident_id`,
      [
        tenantId,
        counts.map(({ provider }) => provider),
        counts.map(({ sourceAlertId }) => sourceAlertId),
        counts.map(({ seen }) => seen),
        counts.map(({ last }) => last),
      ],
    );
  }
}
