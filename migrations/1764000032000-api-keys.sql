-- API keys: programs' way in, and what their webhooks are signed with.

-- up
CREATE TABLE api_keys (
  tenant_id text COLLATE "C" NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  prefix text NOT NULL,
  key_hash text COLLATE "C" NOT NULL,
  scopes jsonb NOT NULL,
  webhook_secret text NOT NULL,
  previous_secret text,
  previous_secret_until timestamptz(3),
  created_by text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  PRIMARY KEY (tenant_id, key_id)
);
/* Not led by the tenant: a key is shown before anyone knows whose it is. */
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (key_hash);
SELECT isolate_by_tenant('api_keys', true);

CREATE FUNCTION find_api_key(sought text) RETURNS TABLE (
  tenant_id text, key_id text, scopes jsonb, webhook_secret text, previous_secret text,
  previous_secret_until timestamptz, expires_at timestamptz, last_used_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.tenant_id, k.key_id, k.scopes, k.webhook_secret, k.previous_secret,
         k.previous_secret_until, k.expires_at, k.last_used_at
    FROM api_keys k WHERE k.key_hash = sought
$$;
REVOKE EXECUTE ON FUNCTION find_api_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(text) TO causeflow_app;

-- down
DROP FUNCTION find_api_key(text);
DROP TABLE api_keys;
