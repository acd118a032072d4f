-- Incidents, the alerts that opened them, and the evidence people attach.

-- up
CREATE TABLE incidents (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  severity text NOT NULL,
  status text NOT NULL,
  source text NOT NULL,
  provider text,
  source_alert_id text,
  service text,
  environment text,
  tags jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  root_cause text,
  confidence double precision,
  recommended_actions jsonb NOT NULL DEFAULT '[]',
  alert_count integer NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  resolved_at timestamptz(3),
  words tsvector GENERATED ALWAYS AS (to_tsvector('simple', title || ' ' || description)) STORED,
  PRIMARY KEY (tenant_id, incident_id)
);
CREATE INDEX incidents_by_status ON incidents (tenant_id, status, incident_id);
CREATE INDEX incidents_by_service ON incidents (tenant_id, service, incident_id) WHERE service IS NOT NULL;
CREATE INDEX incidents_by_update ON incidents (tenant_id, updated_at, incident_id);
CREATE INDEX incidents_by_words ON incidents USING gin (words);
SELECT isolate_by_tenant('incidents', true);

/*
 * Full-text search under row-level security: the match operator is not leakproof, so a policy would keep its index from
 * being used. This function reads the tenant from the session itself and answers ids alone.
 */
CREATE FUNCTION search_incidents(words_sought text) RETURNS TABLE (incident_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH matched AS MATERIALIZED (
    SELECT i.tenant_id, i.incident_id FROM incidents i WHERE i.words @@ websearch_to_tsquery('simple', words_sought)
  )
  SELECT m.incident_id FROM matched m WHERE m.tenant_id = ANY (current_tenants())
$$;
REVOKE EXECUTE ON FUNCTION search_incidents(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(text) TO causeflow_app;

CREATE TABLE alerts (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  provider text NOT NULL,
  source_alert_id text,
  raw bytea NOT NULL,
  duplicates bigint NOT NULL DEFAULT 0,
  received_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, incident_id, received_at)
);
/* What makes an alert a duplicate. Senders' ids are at most 512 characters, which an index entry can hold. */
CREATE UNIQUE INDEX alerts_by_source ON alerts (tenant_id, provider, source_alert_id) WHERE source_alert_id IS NOT NULL;
SELECT isolate_by_tenant('alerts');

-- down
DROP TABLE alerts;
DROP FUNCTION search_incidents(text);
DROP TABLE incidents;
