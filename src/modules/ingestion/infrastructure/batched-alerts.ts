import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { eventRows } from '#kernel/events/event-row';
import type { Counter, Histogram } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';
import { AdaptiveBatches } from '#kernel/persistence/adaptive-batches';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { type Alerts, type ReceivedAlert, type Reception } from '../domain/alert.js';
import { DuplicateCounts } from './duplicate-counts.js';

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
    const waiting = this.batches.add({ alert, events: JSON.stringify(events) });
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
      INSERT,
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
    }>(
      tenantsOf(rows),
      `SELECT a.tenant_id, a.provider, a.source_alert_id, a.incident_id
         FROM unnest($1::text[], $2::text[], $3::text[]) AS sought (tenant_id, provider, source_alert_id)
         JOIN alerts a USING (tenant_id, provider, source_alert_id)`,
      [
        rows.map(({ alert }) => alert.incident.tenantId),
        rows.map(({ alert }) => alert.provider),
        rows.map(({ alert }) => alert.sourceAlertId),
      ],
    );
    return new Map(
      found.map((row) => [key(row.tenant_id, row.provider, row.source_alert_id), row.incident_id]),
    );
  }
}

interface Row {
  readonly alert: ReceivedAlert;
  /** The incident's events as `append_events` takes them. */
  readonly events: string;
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

/*
 * Alerts first, in the order of their keys, so that two batches meeting the same keys queue up instead of waiting for
 * each other; only an alert that went in brings its incident and its events along.
 */
const INSERT = `
WITH incoming AS MATERIALIZED (
  SELECT * FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::jsonb[], $13::jsonb[], $14::timestamptz[], $15::bytea[], $16::json[]
  ) WITH ORDINALITY AS i (
    tenant_id, incident_id, title, description, severity, status, source, provider, source_alert_id,
    service, environment, tags, metadata, received_at, raw, events, place)
), stored AS (
  INSERT INTO alerts (tenant_id, incident_id, provider, source_alert_id, raw, received_at, last_seen_at)
  SELECT tenant_id, incident_id, provider, source_alert_id, raw, received_at, received_at
    FROM incoming ORDER BY tenant_id, provider, source_alert_id, place
  ON CONFLICT (tenant_id, provider, source_alert_id) WHERE source_alert_id IS NOT NULL DO NOTHING
  RETURNING tenant_id, incident_id
), opened AS (
  INSERT INTO incidents (tenant_id, incident_id, title, description, severity, status, source, provider,
    source_alert_id, service, environment, tags, metadata, alert_count, created_at, updated_at)
  SELECT tenant_id, incident_id, title, description, severity, status, source, provider,
    source_alert_id, service, environment, tags, metadata, 1, received_at, received_at
    FROM incoming JOIN stored USING (tenant_id, incident_id)
), told AS MATERIALIZED (
  SELECT append_events(json_agg(event ORDER BY place, at)) AS appended
    FROM (SELECT place, at, event FROM incoming JOIN stored USING (tenant_id, incident_id),
                 json_array_elements(events) WITH ORDINALITY AS e (event, at)) AS facts
  HAVING count(*) > 0
)
SELECT incident_id FROM stored LEFT JOIN told ON true`;

function parametersOf(rows: readonly Row[]): unknown[] {
  const column = (of: (row: Row) => unknown): unknown[] => rows.map(of);
  return [
    column(({ alert }) => alert.incident.tenantId),
    column(({ alert }) => alert.incident.incidentId),
    column(({ alert }) => alert.incident.title),
    column(({ alert }) => alert.incident.description),
    column(({ alert }) => alert.incident.severity),
    column(({ alert }) => alert.incident.status),
    column(({ alert }) => alert.incident.source),
    column(({ alert }) => alert.provider),
    column(({ alert }) => alert.sourceAlertId),
    column(({ alert }) => alert.incident.service),
    column(({ alert }) => alert.incident.environment),
    column(({ alert }) => JSON.stringify(alert.incident.tags)),
    column(({ alert }) => JSON.stringify(alert.incident.metadata)),
    column(({ alert }) => alert.receivedAt),
    column(({ alert }) => alert.raw),
    column(({ events }) => events),
  ];
}
