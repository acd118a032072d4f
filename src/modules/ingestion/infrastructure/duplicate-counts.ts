import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { tenantsOf } from '#kernel/domain/by-tenant';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { isDataFault } from '#kernel/persistence/database-errors';
import { type AlertKey, keyOf } from '../domain/alert.js';

const FLUSH_MS = 500;
const BATCH = 256;
/** Alerts whose counts are kept while they cannot be written. */
const MAX_PENDING = 10_000;

interface Count {
  readonly alert: AlertKey;
  seen: number;
  last: Date;
}

/**
 * Counts duplicates in memory and writes them twice a second, so that a flapping alert does not become a hot row. Counts
 * that cannot be written are kept for the next flush, so that a restart of the database loses none. If the connection breaks
 * between the commit and its response, some are counted twice.
 */
@Injectable()
export class DuplicateCounts implements OnApplicationShutdown {
  private readonly log = new Logger(DuplicateCounts.name);
  private counts = new Map<string, Count>();
  /** Set from the first count until its flush has ended. */
  private timer: NodeJS.Timeout | undefined;
  private flushing = Promise.resolve();

  constructor(private readonly writer: BatchWriter) {}

  count(alert: AlertKey, seenAt: Date): void {
    this.add({ alert, seen: 1, last: seenAt });
    this.timer ??= this.flushLater();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flushing;
    await this.flush();
    clearTimeout(this.timer);
  }

  private add(count: Count): void {
    const key = keyOf(count.alert);
    const before = this.counts.get(key);
    if (before === undefined) {
      this.counts.set(key, count);
      return;
    }
    before.seen += count.seen;
    if (count.last > before.last) before.last = count.last;
  }

  private flushLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.flushing = this.flush();
    }, FLUSH_MS);
  }

  private async flush(): Promise<void> {
    const counts = [...this.counts.values()];
    this.counts = new Map();
    for (let at = 0; at < counts.length; at += BATCH) {
      const batch = counts.slice(at, at + BATCH);
      await this.writer
        .read(tenantsOf(batch.map(({ alert }) => alert)), COUNT_DUPLICATES, [
          batch.map(({ alert }) => alert.tenantId),
          batch.map(({ alert }) => alert.provider),
          batch.map(({ alert }) => alert.sourceAlertId),
          batch.map(({ seen }) => seen),
          batch.map(({ last }) => last),
        ])
        .catch((error: unknown) => this.keep(batch, error));
    }
    this.timer = this.counts.size > 0 ? this.flushLater() : undefined;
  }

  private keep(counts: readonly Count[], error: unknown): void {
    const isKept = !isDataFault(error) && this.counts.size < MAX_PENDING;
    if (isKept) for (const count of counts) this.add(count);
    this.log.warn(`Duplicate counts ${isKept ? 'not yet written' : 'lost'}: ${String(error)}`);
  }
}

/**
 * Locks the rows, also of incidents, in the order of their keys, as triage does. An update alone would lock them in the order
 * of its plan, and could deadlock.
 */
const COUNT_DUPLICATES = {
  name: 'count-duplicates',
  text: `
WITH seen AS MATERIALIZED (
  SELECT a.tenant_id, a.incident_id, s.times, s.last
    FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::timestamptz[])
      AS s (tenant_id, provider, source_alert_id, times, last)
    JOIN alerts a USING (tenant_id, provider, source_alert_id)
    JOIN incidents i USING (tenant_id, incident_id)
   WHERE NOT a.superseded ORDER BY a.tenant_id, a.incident_id FOR NO KEY UPDATE OF a, i
), counted AS (
  UPDATE alerts a SET duplicates = duplicates + times, last_seen_at = greatest(last_seen_at, last) FROM seen s
   WHERE a.tenant_id = s.tenant_id AND a.incident_id = s.incident_id
)
UPDATE incidents i SET alert_count = alert_count + times FROM seen s
 WHERE i.tenant_id = s.tenant_id AND i.incident_id = s.incident_id`,
};
