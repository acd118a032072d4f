-- Tools that tenants connected. The credentials are sealed (kernel/crypto) before they come here.

-- up
CREATE TABLE integrations (
  tenant_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  provider text NOT NULL,
  label text NOT NULL,
  status text NOT NULL,
  config jsonb NOT NULL,
  sealed_credentials text NOT NULL,
  connected_by text NOT NULL,
  connected_at timestamptz(3) NOT NULL,
  /* What an alert source's address ends in, as its hash: a sender shows it before anyone knows whose it is. */
  ingest_token_hash text COLLATE "C",
  PRIMARY KEY (tenant_id, integration_id)
);
CREATE UNIQUE INDEX integrations_by_ingest_token ON integrations (ingest_token_hash) WHERE ingest_token_hash IS NOT NULL;
SELECT isolate_by_tenant('integrations', true);

CREATE FUNCTION find_ingest_token(sought text) RETURNS TABLE (tenant_id text, integration_id text, provider text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id, i.integration_id, i.provider FROM integrations i WHERE i.ingest_token_hash = sought
$$;
REVOKE EXECUTE ON FUNCTION find_ingest_token(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_ingest_token(text) TO causeflow_app;

-- down
DROP FUNCTION find_ingest_token(text);
DROP TABLE integrations;
