import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { type EventRow, eventRows } from '#kernel/events/event-row';
import type { Counter, Histogram } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';
import { AdaptiveBatches } from '#kernel/persistence/adaptive-batches';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { type Alerts, type ReceivedAlert, type Reception } from '../domain/alert.js';
import { DuplicateCounts } from './duplicate-counts.js';
import { INSERT_ALERTS } from './insert-alerts.js';

const BATCH = 128;
const QUEUE = 4_096;
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, BATCH];

/**
 * Writes all alerts that are waiting in one statement and one commit. Under load a commit carries many alerts; without
 * load an alert waits for nobody. Who is told "202" was committed before.
 */
@Injectable()
export class BatchedAlerts implements Alerts {
  private readonly batches = new AdaptiveBatches<Row, Reception>({
    size: BATCH,
    queue: QUEUE,
    slots: 2,
    write: (rows) => this.write(rows),
  });

  private readonly accepted: Counter;
  private readonly repeated: Counter;
  private readonly batchSizes: Histogram;

  constructor(
    private readonly writer: BatchWriter,
    private readonly duplicates: DuplicateCounts,
    metrics: Metrics,
  ) {
    const outcome = (name: string): Counter =>
      metrics.counter('causeflow_alerts', 'Alerts by what became of them', { outcome: name });
    this.accepted = outcome('accepted');
    this.repeated = outcome('duplicate');
    this.batchSizes = metrics.histogram(
      'causeflow_ingest_batch_alerts',
      'Alerts written in one commit',
      BATCH_SIZES,
    );
  }

  async receive(alert: ReceivedAlert): Promise<Reception> {
    const { incident } = alert;
    const events = eventRows(incident.tenantId, incident.takeRecorded());
    const waiting = this.batches.add({ alert, events });
    if (!waiting)
      throw new Refusal('service_unavailable', 'Too many alerts at once; send it again.', { retryAfter: 1 });
    const reception = await waiting;
    (reception.duplicate ? this.repeated : this.accepted).add();
    if (reception.duplicate) this.duplicates.count(alert);
    return reception;
  }

  private async write(rows: readonly Row[]): Promise<Reception[]> {
    this.batchSizes.observe(rows.length);
    const stored = await this.writer.write<{ incident_id: string }>(
      tenantsOf(rows),
      INSERT_ALERTS,
      parametersOf(rows),
    );
    const fresh = new Set(stored.map(({ incident_id }) => incident_id));
    const repeated = rows.filter(({ alert }) => !fresh.has(alert.incident.incidentId));
    const originals = repeated.length === 0 ? new Map<string, string>() : await this.originalsOf(repeated);
    return rows.map(({ alert }) => {
      const { incidentId } = alert.incident;
      if (fresh.has(incidentId)) return { incidentId, duplicate: false };
      return { incidentId: originals.get(keyOf(alert)) ?? incidentId, duplicate: true };
    });
  }

  private async originalsOf(rows: readonly Row[]): Promise<Map<string, string>> {
    const found = await this.writer.read<{
      tenant_id: TenantId;
      provider: string;
      source_alert_id: string;
      incident_id: string;
    }>(tenantsOf(rows), FIND_ORIGINALS, [
      rows.map(({ alert }) => alert.incident.tenantId),
      rows.map(({ alert }) => alert.provider),
      rows.map(({ alert }) => alert.sourceAlertId),
    ]);
    return new Map(
      found.map((row) => [key(row.tenant_id, row.provider, row.source_alert_id), row.incident_id]),
    );
  }
}

interface Row {
  readonly alert: ReceivedAlert;
  /** The incident's events as `append_events` takes them. */
  readonly events: readonly EventRow[];
}

function tenantsOf(rows: readonly Row[]): TenantId[] {
  return [...new Set(rows.map(({ alert }) => alert.incident.tenantId))];
}

function key(tenantId: string, provider: string, sourceAlertId: string | null): string {
  return `${tenantId}\n${provider}\n${sourceAlertId ?? ''}`;
}

function keyOf({ incident, provider, sourceAlertId }: ReceivedAlert): string {
  return key(incident.tenantId, provider, sourceAlertId);
}

const FIND_ORIGINALS = {
  name: 'find-original-alerts',
  text: `
SELECT a.tenant_id, a.provider, a.source_alert_id, a.incident_id
  FROM unnest($1::text[], $2::text[], $3::text[]) AS sought (tenant_id, provider, source_alert_id)
  JOIN alerts a USING (tenant_id, provider, source_alert_id)`,
};

/** As `INSERT_ALERTS` takes them: one text for all, which is cheaper to make than an array for each column. */
function parametersOf(rows: readonly Row[]): unknown[] {
  let next = 1;
  const alerts = rows.map(({ alert: { incident, provider, sourceAlertId, receivedAt, raw } }) => {
    const from = next;
    next += raw.length;
    return {
      tenant_id: incident.tenantId,
      incident_id: incident.incidentId,
      title: incident.title,
      description: incident.description,
      severity: incident.severity,
      status: incident.status,
      source: incident.source,
      provider,
      source_alert_id: sourceAlertId,
      service: incident.service,
      environment: incident.environment,
      tags: incident.tags,
      metadata: incident.metadata,
      received_at: receivedAt,
      raw_from: from,
      raw_size: raw.length,
    };
  });
  return [
    JSON.stringify(alerts),
    Buffer.concat(rows.map(({ alert }) => alert.raw)),
    JSON.stringify(rows.flatMap(({ events }) => events)),
  ];
}
