import type { EventRow } from '#kernel/events/event-row';
import type { ReceivedAlert } from '../domain/alert.js';

export interface AlertRow {
  readonly alert: ReceivedAlert;
  /** The incident's events as `append_events` takes them. */
  readonly events: readonly EventRow[];
}

/**
 * Inserts alerts first, in the order of their keys, so that two batches with the same keys queue instead of deadlocking. Only
 * an alert that was inserted adds its incident, its events and the body that it shares with others. Events come last. The
 * provider is that of the alert's key; the incident has it without the sender.
 *
 * $1: the alerts, [{tenant_id, incident_id, …, body_id, raw_from, raw_size}]; $2: their raw bodies, concatenated: each alert
 * has its offset (from 1) and size; $3: the events of all alerts, as `append_events` takes them.
 * Returns one row with the `incident_id`s of the duplicates, or no row if all are duplicates. (A row for each new alert,
 * which is nearly all of them, would cost both sides a message.)
 */
export const INSERT_ALERTS = {
  name: 'insert-alerts',
  text: `
WITH incoming AS MATERIALIZED (
  SELECT *, to_timestamp(received_ms / 1000) AS received_at FROM ROWS FROM (json_to_recordset($1::json) AS (
    tenant_id text, incident_id text, title text, description text, severity text, status text, source text,
    provider text, source_alert_id text, service text, environment text, tags jsonb, metadata jsonb,
    received_ms float8, body_id text, raw_from integer, raw_size integer
  )) WITH ORDINALITY AS i (
    tenant_id, incident_id, title, description, severity, status, source, provider, source_alert_id,
    service, environment, tags, metadata, received_ms, body_id, raw_from, raw_size, ordinal)
), stored AS (
  INSERT INTO alerts (tenant_id, incident_id, provider, source_alert_id, body_id, raw, received_at, last_seen_at)
  SELECT tenant_id, incident_id, provider, source_alert_id, body_id,
         CASE WHEN body_id IS NULL THEN substring($2::bytea FROM raw_from FOR raw_size) END, received_at, received_at
    FROM incoming ORDER BY tenant_id, provider, source_alert_id, ordinal
  ON CONFLICT (tenant_id, provider, source_alert_id) WHERE source_alert_id IS NOT NULL AND NOT superseded DO NOTHING
  RETURNING tenant_id, incident_id
), bodies AS (
  INSERT INTO alert_bodies (tenant_id, body_id, raw)
  SELECT DISTINCT ON (tenant_id, body_id) tenant_id, body_id, substring($2::bytea FROM raw_from FOR raw_size)
    FROM incoming JOIN stored USING (tenant_id, incident_id) WHERE body_id IS NOT NULL
   ORDER BY tenant_id, body_id
  ON CONFLICT DO NOTHING RETURNING body_id
), opened AS (
  INSERT INTO incidents (tenant_id, incident_id, title, description, severity, status, source, provider,
    source_alert_id, service, environment, tags, metadata, alert_count, created_at, updated_at)
  SELECT tenant_id, incident_id, title, description, severity, status, source, split_part(provider, '/', 1),
    source_alert_id, service, environment, tags, metadata, 1, received_at, received_at
    FROM incoming JOIN stored USING (tenant_id, incident_id)
  RETURNING incident_id
), logged AS MATERIALIZED (
  SELECT append_events(
    CASE WHEN how_many = (SELECT count(*) FROM incoming) THEN $3::json
         ELSE (SELECT json_agg(event ORDER BY ordinal)
                 FROM json_array_elements($3::json) WITH ORDINALITY AS e (event, ordinal)
                WHERE event->>'incidentId' IN (SELECT incident_id FROM opened))
    END) AS appended
    FROM (SELECT count(*) AS how_many FROM opened) AS o, (SELECT count(*) FROM bodies) AS written_before
   WHERE how_many > 0
)
SELECT ARRAY(SELECT incident_id FROM incoming WHERE incident_id NOT IN (SELECT incident_id FROM stored)) AS duplicates
  FROM logged`,
};

/** For `INSERT_ALERTS`: one JSON text costs less than an array for each column. */
export function parametersOf(
  rows: readonly AlertRow[],
): readonly [alerts: string, raws: Buffer, events: string] {
  const raws: Buffer[] = [];
  const all: EventRow[] = [];
  let from = 1;
  const alerts = rows.map(({ alert, events }) => {
    const { incident, provider, sourceAlertId, receivedAt, raw, bodyId } = alert;
    const last = raws.at(-1);
    // Alerts of one body are adjacent.
    if (raw !== last) {
      from += last?.length ?? 0;
      raws.push(raw);
    }
    all.push(...events);
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
      // Writing a date as text costs more than any other column.
      received_ms: receivedAt.getTime(),
      body_id: bodyId,
      raw_from: from,
      raw_size: raw.length,
    };
  });
  return [JSON.stringify(alerts), Buffer.concat(raws), JSON.stringify(all)];
}
