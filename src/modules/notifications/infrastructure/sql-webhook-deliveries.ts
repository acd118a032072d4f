import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { SubscriptionKey, WebhookDeliveries } from '../domain/webhook-deliveries.js';
import type { WebhookDelivery } from '../domain/webhook-delivery.js';

type DeliveryRow = Omit<WebhookDelivery, 'seq'> & { readonly seq: string };

/** Rows instead of aggregates: a worker records dozens in one statement. */
@Injectable()
export class SqlWebhookDeliveries implements WebhookDeliveries {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async due(
    { tenantId, subscriptionId }: SubscriptionKey,
    now: Date,
    limit: number,
  ): Promise<WebhookDelivery[]> {
    const rows = await this.unitOfWork.query<DeliveryRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM webhook_deliveries
        WHERE tenant_id = $1 AND subscription_id = $2 AND status = 'pending' AND next_attempt_at <= $3
        ORDER BY next_attempt_at LIMIT $4`,
      [tenantId, subscriptionId, now, limit],
    );
    return rows.map(delivery);
  }

  async nextDue({ tenantId, subscriptionId }: SubscriptionKey): Promise<Date | null> {
    const [row] = await this.unitOfWork.query<{ next: Date | null }>(
      tenantId,
      `SELECT min(next_attempt_at) AS next FROM webhook_deliveries
        WHERE tenant_id = $1 AND subscription_id = $2 AND status = 'pending'`,
      [tenantId, subscriptionId],
    );
    return row?.next ?? null;
  }

  async record(
    { tenantId, subscriptionId }: SubscriptionKey,
    deliveries: readonly WebhookDelivery[],
  ): Promise<void> {
    if (deliveries.length === 0) return;
    await this.unitOfWork.query(tenantId, RECORD, [tenantId, subscriptionId, JSON.stringify(deliveries)]);
  }

  async redeliver(
    { tenantId, subscriptionId }: SubscriptionKey,
    deliveryId: string,
    now: Date,
  ): Promise<WebhookDelivery | undefined> {
    const [row] = await this.unitOfWork.query<DeliveryRow>(
      tenantId,
      `UPDATE webhook_deliveries SET status = 'pending', tries = 0, next_attempt_at = $4
        WHERE tenant_id = $1 AND subscription_id = $2 AND delivery_id = $3 RETURNING ${COLUMNS}`,
      [tenantId, subscriptionId, deliveryId, now],
    );
    return row && delivery(row);
  }

  async latestFirst(
    { tenantId, subscriptionId }: SubscriptionKey,
    before: number | undefined,
    limit: number,
  ): Promise<WebhookDelivery[]> {
    const rows = await this.unitOfWork.query<DeliveryRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM webhook_deliveries
        WHERE tenant_id = $1 AND subscription_id = $2 AND seq < $3 ORDER BY seq DESC LIMIT $4`,
      [tenantId, subscriptionId, before ?? Number.MAX_SAFE_INTEGER, limit],
    );
    return rows.map(delivery);
  }
}

function delivery(row: DeliveryRow): WebhookDelivery {
  return { ...row, seq: Number(row.seq) };
}

const COLUMNS = `
  seq, delivery_id AS "deliveryId", event_id AS "eventId", event, status, attempts, tries,
  last_status_code AS "lastStatusCode", last_error AS "lastError", created_at AS "createdAt",
  last_attempt_at AS "lastAttemptAt", next_attempt_at AS "nextAttemptAt"`;

/** A redelivery requested while the attempt was under way has reset `tries`: the attempt counts, and stays to be repeated. */
const RECORD = `
  INSERT INTO webhook_deliveries AS stored (tenant_id, subscription_id, seq, delivery_id, event_id, event, status, attempts, tries,
         last_status_code, last_error, created_at, last_attempt_at, next_attempt_at)
  SELECT $1, $2, seq, "deliveryId", "eventId", event, status, attempts, tries,
         "lastStatusCode", "lastError", "createdAt", "lastAttemptAt", "nextAttemptAt"
    FROM json_to_recordset($3) AS recorded (
         seq bigint, "deliveryId" text, "eventId" text, event text, status text, attempts integer, tries integer,
         "lastStatusCode" integer, "lastError" text, "createdAt" timestamptz, "lastAttemptAt" timestamptz, "nextAttemptAt" timestamptz)
      ON CONFLICT (tenant_id, subscription_id, seq) DO UPDATE SET
         attempts = greatest(stored.attempts, excluded.attempts), last_status_code = excluded.last_status_code, last_error = excluded.last_error,
         last_attempt_at = excluded.last_attempt_at,
         status = CASE WHEN stored.tries = excluded.tries - 1 THEN excluded.status ELSE stored.status END,
         next_attempt_at = CASE WHEN stored.tries = excluded.tries - 1 THEN excluded.next_attempt_at ELSE stored.next_attempt_at END,
         tries = CASE WHEN stored.tries = excluded.tries - 1 THEN excluded.tries ELSE stored.tries END`;
