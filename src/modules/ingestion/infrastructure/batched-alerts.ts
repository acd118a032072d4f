import { Injectable } from '@nestjs/common';
import { tenantsOf } from '#kernel/domain/by-tenant';
import { FrequentRefusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { eventRows } from '#kernel/events/event-row';
import type { Counter, Histogram } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';
import { AdaptiveBatches } from '#kernel/persistence/adaptive-batches';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import type { PacketPipeline } from '#kernel/persistence/one-packet';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import {
  type AlertKey,
  type AlertReceipt,
  type Alerts,
  keyOf,
  type ReceivedAlert,
  type StoredAlert,
} from '../domain/alert.js';
import { duplicateAlert } from '../domain/errors.js';
import type { IncidentStatus } from '../events.js';
import { DuplicateCounts } from './duplicate-counts.js';
import { type AlertRow, INSERT_ALERTS, parametersOf } from './insert-alerts.js';
import { AlertCache } from './alert-cache.js';

const BATCH = 128;
/** Concurrent batches. Each has a connection of its own, on which the next batch is sent behind it. */
const SLOTS = 2;
/** A smaller batch costs PostgreSQL more than the time it saves: at half of the peak, batches have five alerts. */
const MIN_BEHIND = 8;
/** In small alerts. A storm of one tenant fills half of it at most. */
const QUEUE = 8_192;
/** A larger alert takes as much of the queue as several, so that the memory of a full queue is limited, too. */
const SMALL_ALERT_BYTES = 16 * 1024;
/** Attempts to store an alert whose key other alerts take again and again. */
const MAX_ATTEMPTS = 6;
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, BATCH];

/**
 * Writes all waiting alerts with one statement and one commit. Under load a commit has many alerts; without load an alert
 * does not wait. A 202 is sent after the commit.
 */
@Injectable()
export class BatchedAlerts implements Alerts {
  private readonly batches = new AdaptiveBatches<Row, AlertReceipt>({
    size: BATCH,
    queue: QUEUE,
    // Alerts that share a body wait together, and its memory is taken once.
    weight: ({ alert }) => (alert.bodyId === null ? 1 + Math.floor(alert.raw.length / SMALL_ALERT_BYTES) : 1),
    // A tenant's log is locked from its first event until the commit.
    owner: ({ alert }) => alert.incident.tenantId,
    slots: SLOTS,
    minBehind: MIN_BEHIND,
    write: (rows, slot) => this.write(rows, slot),
  });
  private readonly pipelines: readonly PacketPipeline[];

  private readonly cache = new AlertCache();
  private readonly accepted: Counter;
  private readonly duplicates: Counter;
  private readonly batchSizes: Histogram;

  constructor(
    private readonly writer: BatchWriter,
    private readonly duplicateCounts: DuplicateCounts,
    private readonly unitOfWork: UnitOfWork,
    metrics: Metrics,
  ) {
    this.pipelines = Array.from({ length: SLOTS }, () => writer.pipeline());
    const outcome = (name: string): Counter =>
      metrics.counter('causeflow_alerts', 'Alerts by outcome', { outcome: name });
    this.accepted = outcome('accepted');
    this.duplicates = outcome('duplicate');
    this.batchSizes = metrics.histogram(
      'causeflow_ingest_batch_alerts',
      'Alerts written in one commit',
      BATCH_SIZES,
    );
  }

  receive(alert: ReceivedAlert): Promise<AlertReceipt> {
    const { incident } = alert;
    return this.store({ alert, events: eventRows(incident.tenantId, incident.takeRecorded()), attempt: 1 });
  }

  countKnownDuplicate(alert: AlertKey, receivedAt: Date): string | undefined {
    const incidentId = this.cache.incidentOf(keyOf(alert));
    if (incidentId !== undefined) this.countDuplicate(alert, receivedAt);
    return incidentId;
  }

  incidentsOf(
    tenantId: TenantId,
    provider: string,
    sourceAlertIds: readonly string[],
  ): Promise<StoredAlert[]> {
    return this.unitOfWork.query(
      tenantId,
      `SELECT source_alert_id AS "sourceAlertId", incident_id AS "incidentId" FROM alerts
        WHERE tenant_id = $1 AND provider = $2 AND source_alert_id = ANY ($3::text[]) AND NOT superseded`,
      [tenantId, provider, sourceAlertIds],
    );
  }

  /** Not async: promises are among the most expensive steps of an alert. */
  private store(row: Row): Promise<AlertReceipt> {
    const waiting = this.batches.add(row);
    if (!waiting) throw busy();
    return waiting;
  }

  /** For an alert whose key is stored already. */
  private async resolveDuplicate(
    row: Row,
    originals: Promise<Map<string, AlertReceipt>>,
  ): Promise<AlertReceipt> {
    const { alert, events, attempt } = row;
    const key = alertKeyOf(alert);
    // Undefined if the stored alert has just been superseded.
    const original = key && (await originals).get(keyOf(key));
    if (key && original && !(alert.recurs && ENDED.includes(original.status))) {
      this.remember(alert, original);
      this.countDuplicate(key, alert.receivedAt);
      if (alert.recurs) return original;
      throw duplicateAlert(key.sourceAlertId, original.incidentId);
    }
    // Before each attempt, other requests have opened another incident and ended it.
    if (attempt === MAX_ATTEMPTS) throw busy();
    if (original) await this.supersede(alert);
    return this.store({ alert, events, attempt: attempt + 1 });
  }

  /** Its duplicates do not query the database for a while. */
  private remember(alert: ReceivedAlert, { incidentId }: AlertReceipt): void {
    const key = alert.recurs ? undefined : alertKeyOf(alert);
    if (key) this.cache.remember(keyOf(key), incidentId);
  }

  private countDuplicate(alert: AlertKey, receivedAt: Date): void {
    this.duplicates.add();
    this.duplicateCounts.count(alert, receivedAt);
  }

  /** Frees the key for another alert, unless the incident of the stored one is active again. */
  private async supersede({ incident: { tenantId }, provider, sourceAlertId }: ReceivedAlert): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `UPDATE alerts a SET superseded = true FROM incidents i
        WHERE a.tenant_id = $1 AND a.provider = $2 AND a.source_alert_id = $3 AND NOT a.superseded
          AND i.tenant_id = $1 AND i.incident_id = a.incident_id AND i.status = ANY ($4::text[])`,
      [tenantId, provider, sourceAlertId, ENDED],
    );
  }

  private async write(rows: readonly Row[], slot: number): Promise<(AlertReceipt | Promise<AlertReceipt>)[]> {
    this.batchSizes.observe(rows.length);
    const [stored] = await this.writer.write<{ duplicates: string[] }>(
      tenantIdsOf(rows),
      INSERT_ALERTS,
      parametersOf(rows),
      this.pipelines[slot],
    );
    const duplicates = new Set(
      stored ? stored.duplicates : rows.map(({ alert }) => alert.incident.incidentId),
    );
    // New alerts are stored: they neither wait for this query nor fail with it.
    const originals = this.originalsOf(rows.filter(({ alert }) => duplicates.has(alert.incident.incidentId)));
    return rows.map((row) => {
      const { incidentId, status } = row.alert.incident;
      if (duplicates.has(incidentId)) return this.resolveDuplicate(row, originals);
      const receipt = { incidentId, status };
      this.remember(row.alert, receipt);
      this.accepted.add();
      return receipt;
    });
  }

  private async originalsOf(rows: readonly Row[]): Promise<Map<string, AlertReceipt>> {
    if (rows.length === 0) return new Map();
    const found = await this.writer.read<AlertKey & AlertReceipt>(tenantIdsOf(rows), FIND_ORIGINALS, [
      rows.map(({ alert }) => alert.incident.tenantId),
      rows.map(({ alert }) => alert.provider),
      rows.map(({ alert }) => alert.sourceAlertId),
    ]);
    return new Map(
      found.map(({ tenantId, provider, sourceAlertId, incidentId, status }) => [
        keyOf({ tenantId, provider, sourceAlertId }),
        { incidentId, status },
      ]),
    );
  }
}

interface Row extends AlertRow {
  /** Counted from 1. */
  readonly attempt: number;
}

const ENDED: readonly IncidentStatus[] = ['resolved', 'closed'];

/** Undefined for an alert without an id, which is never a duplicate. */
function alertKeyOf({ incident, provider, sourceAlertId }: ReceivedAlert): AlertKey | undefined {
  return sourceAlertId === null ? undefined : { tenantId: incident.tenantId, provider, sourceAlertId };
}

function busy(): FrequentRefusal {
  return new FrequentRefusal('service_unavailable', 'Too many alerts at once; send it again.', {
    retryAfter: 1,
  });
}

function tenantIdsOf(rows: readonly Row[]): TenantId[] {
  return tenantsOf(rows.map(({ alert }) => alert.incident));
}

const FIND_ORIGINALS = {
  name: 'find-original-alerts',
  text: `
SELECT a.tenant_id AS "tenantId", a.provider, a.source_alert_id AS "sourceAlertId", a.incident_id AS "incidentId", i.status
  FROM unnest($1::text[], $2::text[], $3::text[]) AS sought (tenant_id, provider, source_alert_id)
  JOIN alerts a USING (tenant_id, provider, source_alert_id) JOIN incidents i USING (tenant_id, incident_id)
 WHERE NOT a.superseded`,
};
