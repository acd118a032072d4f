-- The alerts that opened incidents, as they were sent.

-- up
CREATE TABLE alerts (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  provider text NOT NULL,
  source_alert_id text,
  raw bytea,
  duplicates bigint NOT NULL DEFAULT 0,
  received_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  /* Set when the alert fired again after its incident had ended: then another row speaks for it. Never for custom alerts. */
  superseded boolean NOT NULL DEFAULT false,
  body_id text COLLATE "C",
  PRIMARY KEY (tenant_id, incident_id, received_at)
);
/* What makes an alert a duplicate. Senders' ids are at most 512 characters, which an index entry can hold. */
CREATE UNIQUE INDEX alerts_by_source ON alerts (tenant_id, provider, source_alert_id)
  WHERE source_alert_id IS NOT NULL AND NOT superseded;
SELECT isolate_by_tenant('alerts');

/* A body that told of many alerts, stored once for all of them; `alerts.raw` is null then. */
CREATE TABLE alert_bodies (
  tenant_id text COLLATE "C" NOT NULL,
  body_id text COLLATE "C" NOT NULL,
  raw bytea NOT NULL,
  PRIMARY KEY (tenant_id, body_id)
);
SELECT isolate_by_tenant('alert_bodies');

-- down
DROP TABLE alert_bodies;
DROP TABLE alerts;
