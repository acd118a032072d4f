-- Alerts in the formats of monitoring tools: they may fire again after their incident ended, and many come in one body.

-- up
/* Set when the alert fired again after its incident had ended: then another row speaks for it. Never for custom alerts. */
ALTER TABLE alerts ADD COLUMN superseded boolean NOT NULL DEFAULT false;
DROP INDEX alerts_by_source;
CREATE UNIQUE INDEX alerts_by_source ON alerts (tenant_id, provider, source_alert_id)
  WHERE source_alert_id IS NOT NULL AND NOT superseded;

/* A body that told of many alerts, stored once for all of them; `alerts.raw` is null then. */
CREATE TABLE alert_bodies (
  tenant_id text COLLATE "C" NOT NULL,
  body_id text COLLATE "C" NOT NULL,
  raw bytea NOT NULL,
  PRIMARY KEY (tenant_id, body_id)
);
SELECT isolate_by_tenant('alert_bodies');
ALTER TABLE alerts ALTER COLUMN raw DROP NOT NULL;
ALTER TABLE alerts ADD COLUMN body_id text COLLATE "C";

/* What an alert source's address ends in, as its hash: a sender shows it before anyone knows whose it is. */
ALTER TABLE integrations ADD COLUMN ingest_token_hash text COLLATE "C";
CREATE UNIQUE INDEX integrations_by_ingest_token ON integrations (ingest_token_hash) WHERE ingest_token_hash IS NOT NULL;
CREATE POLICY look_up ON integrations FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION find_ingest_token(sought text) RETURNS TABLE (tenant_id text, integration_id text, provider text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id, i.integration_id, i.provider FROM integrations i WHERE i.ingest_token_hash = sought
$$;
REVOKE EXECUTE ON FUNCTION find_ingest_token(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_ingest_token(text) TO causeflow_app;

-- down
DROP FUNCTION find_ingest_token(text);
DROP POLICY look_up ON integrations;
ALTER TABLE integrations DROP COLUMN ingest_token_hash;
ALTER TABLE alerts DROP COLUMN body_id;
ALTER TABLE alerts NO FORCE ROW LEVEL SECURITY;
DELETE FROM alerts WHERE superseded;
UPDATE alerts SET raw = '' WHERE raw IS NULL;
ALTER TABLE alerts FORCE ROW LEVEL SECURITY;
ALTER TABLE alerts ALTER COLUMN raw SET NOT NULL;
DROP TABLE alert_bodies;
DROP INDEX alerts_by_source;
ALTER TABLE alerts DROP COLUMN superseded;
CREATE UNIQUE INDEX alerts_by_source ON alerts (tenant_id, provider, source_alert_id) WHERE source_alert_id IS NOT NULL;
