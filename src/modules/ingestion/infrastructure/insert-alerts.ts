/*
 * Alerts first, in the order of their keys, so that two batches meeting the same keys queue up instead of waiting for
 * each other; only an alert that went in brings its incident and its events along.
 */
export const INSERT_ALERTS = `
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
