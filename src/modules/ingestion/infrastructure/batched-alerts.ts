import { Injectable } from '@nestjs/common';
import { tenantsOf } from '#kernel/domain/by-tenant';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { eventRows } from '#kernel/events/event-row';
import type { Counter, Histogram } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';
import { AdaptiveBatches } from '#kernel/persistence/adaptive-batches';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type AlertKey, type Alerts, keyOf, type ReceivedAlert, type Reception } from '../domain/alert.js';
import { duplicateAlert } from '../domain/errors.js';
import type { IncidentStatus } from '../events.js';
import { DuplicateCounts } from './duplicate-counts.js';
import { type AlertRow, INSERT_ALERTS, parametersOf } from './insert-alerts.js';
import { KnownAlerts } from './known-alerts.js';

const BATCH = 128;
const QUEUE = 4_096;
/** How often an alert tries to take the place of one whose incident has ended. */
const ROUNDS = 5;
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
    // A tenant's log is held from its first event to the end of the commit.
    lane: ({ alert }) => alert.incident.tenantId.charCodeAt(alert.incident.tenantId.length - 1),
    write: (rows) => this.write(rows),
  });

  private readonly known = new KnownAlerts();
  private readonly accepted: Counter;
  private readonly repeats: Counter;
  private readonly batchSizes: Histogram;

  constructor(
    private readonly writer: BatchWriter,
    private readonly duplicates: DuplicateCounts,
    private readonly unitOfWork: UnitOfWork,
    metrics: Metrics,
  ) {
    const outcome = (name: string): Counter =>
      metrics.counter('causeflow_alerts', 'Alerts by what became of them', { outcome: name });
    this.accepted = outcome('accepted');
    this.repeats = outcome('duplicate');
    this.batchSizes = metrics.histogram(
      'causeflow_ingest_batch_alerts',
      'Alerts written in one commit',
      BATCH_SIZES,
    );
  }

  receive(alert: ReceivedAlert): Promise<Reception> {
    const { incident } = alert;
    return this.store({ alert, events: eventRows(incident.tenantId, incident.takeRecorded()), round: 0 });
  }

  repeated(alert: AlertKey, receivedAt: Date): string | undefined {
    const incidentId = this.known.incidentOf(keyOf(alert));
    if (incidentId !== undefined) this.countRepeat(alert, receivedAt);
    return incidentId;
  }

  openedBy(
    tenantId: TenantId,
    provider: string,
    sourceAlertIds: readonly string[],
  ): Promise<{ incidentId: string; sourceAlertId: string }[]> {
    return this.unitOfWork.query(
      tenantId,
      `SELECT incident_id AS "incidentId", source_alert_id AS "sourceAlertId" FROM alerts
        WHERE tenant_id = $1 AND provider = $2 AND source_alert_id = ANY ($3::text[]) AND NOT superseded`,
      [tenantId, provider, sourceAlertIds],
    );
  }

  /** Of promises an alert makes as few as can be, for they are among the dearest things on its way. */
  private store(row: Row): Promise<Reception> {
    const waiting = this.batches.add(row);
    if (!waiting) throw busy();
    return waiting;
  }

  /** For one that another with its id was in the way of. */
  private async receiveAgain(row: Row, originals: Promise<Map<string, Reception>>): Promise<Reception> {
    const { alert, events, round } = row;
    const key = alertKeyOf(alert);
    // None when the one that was in the way has just been superseded.
    const original = key && (await originals).get(keyOf(key));
    if (key && original && !(alert.returns && ENDED.includes(original.status))) {
      this.remember(alert, original);
      this.countRepeat(key, alert.receivedAt);
      if (alert.returns) return original;
      throw duplicateAlert(key.sourceAlertId, original.incidentId);
    }
    // Each round, somebody has opened another incident and somebody ended it again.
    if (round === ROUNDS) throw busy();
    if (original) await this.supersede(alert);
    return this.store({ alert, events, round: round + 1 });
  }

  /** So that its repeats need not ask the database for a while. */
  private remember(alert: ReceivedAlert, { incidentId }: Reception): void {
    const key = alert.returns ? undefined : alertKeyOf(alert);
    if (key) this.known.remember(keyOf(key), incidentId);
  }

  private countRepeat(alert: AlertKey, receivedAt: Date): void {
    this.repeats.add();
    this.duplicates.count(alert, receivedAt);
  }

  /** Makes room for another alert with the same id, if the incident of the one before has ended indeed. */
  private async supersede({ incident: { tenantId }, provider, sourceAlertId }: ReceivedAlert): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `UPDATE alerts a SET superseded = true FROM incidents i
        WHERE a.tenant_id = $1 AND a.provider = $2 AND a.source_alert_id = $3 AND NOT a.superseded
          AND i.tenant_id = $1 AND i.incident_id = a.incident_id AND i.status = ANY ($4::text[])`,
      [tenantId, provider, sourceAlertId, ENDED],
    );
  }

  private async write(rows: readonly Row[]): Promise<(Reception | Promise<Reception>)[]> {
    this.batchSizes.observe(rows.length);
    const [stored] = await this.writer.write<{ repeated: string[] }>(
      ownersOf(rows),
      INSERT_ALERTS,
      parametersOf(rows),
    );
    const repeated = new Set(stored ? stored.repeated : rows.map(({ alert }) => alert.incident.incidentId));
    // Whoever is new does not wait for it, nor does it harm them when it fails: they are stored.
    const originals = this.originalsOf(rows.filter(({ alert }) => repeated.has(alert.incident.incidentId)));
    return rows.map((row) => {
      const { incidentId, status } = row.alert.incident;
      if (repeated.has(incidentId)) return this.receiveAgain(row, originals);
      const reception = { incidentId, status };
      this.remember(row.alert, reception);
      this.accepted.add();
      return reception;
    });
  }

  private async originalsOf(rows: readonly Row[]): Promise<Map<string, Reception>> {
    if (rows.length === 0) return new Map();
    const found = await this.writer.read<AlertKey & Reception>(ownersOf(rows), FIND_ORIGINALS, [
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
  /** How often it has been tried. */
  readonly round: number;
}

const ENDED: readonly IncidentStatus[] = ['resolved', 'closed'];

/** Undefined for one without an id, which is never the same again. */
function alertKeyOf({ incident, provider, sourceAlertId }: ReceivedAlert): AlertKey | undefined {
  return sourceAlertId === null ? undefined : { tenantId: incident.tenantId, provider, sourceAlertId };
}

function busy(): Refusal {
  return new Refusal('service_unavailable', 'Too many alerts at once; send it again.', { retryAfter: 1 });
}

function ownersOf(rows: readonly Row[]): TenantId[] {
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
