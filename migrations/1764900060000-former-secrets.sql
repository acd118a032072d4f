-- A secret that was rotated stays good until its own overlap ends, however often that happens meanwhile.

-- up
/* Lists of {sealed, until}, the newest first (kernel/domain/former-secrets.ts). */
ALTER TABLE api_keys ADD COLUMN former_secrets jsonb NOT NULL DEFAULT '[]';
ALTER TABLE webhook_subscriptions ADD COLUMN former_secrets jsonb NOT NULL DEFAULT '[]';

ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_subscriptions NO FORCE ROW LEVEL SECURITY;
UPDATE api_keys SET former_secrets = jsonb_build_array(
  jsonb_build_object('sealed', previous_secret, 'until', previous_secret_until)) WHERE previous_secret_until > now();
UPDATE webhook_subscriptions SET former_secrets = jsonb_build_array(
  jsonb_build_object('sealed', sealed_former_secret, 'until', former_secret_until)) WHERE former_secret_until > now();
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_subscriptions FORCE ROW LEVEL SECURITY;

DROP FUNCTION find_api_key(text);
ALTER TABLE api_keys DROP COLUMN previous_secret, DROP COLUMN previous_secret_until;
ALTER TABLE webhook_subscriptions DROP COLUMN sealed_former_secret, DROP COLUMN former_secret_until;

CREATE FUNCTION find_api_key(sought text) RETURNS TABLE (
  tenant_id text, key_id text, scopes jsonb, webhook_secret text, former_secrets jsonb,
  expires_at timestamptz, last_used_at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT k.tenant_id, k.key_id, k.scopes, k.webhook_secret, k.former_secrets, k.expires_at, k.last_used_at
    FROM api_keys k WHERE k.key_hash = sought
$$;
REVOKE EXECUTE ON FUNCTION find_api_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_api_key(text) TO causeflow_app;

-- down
DROP FUNCTION find_api_key(text);
ALTER TABLE api_keys ADD COLUMN previous_secret text, ADD COLUMN previous_secret_until timestamptz(3);
ALTER TABLE webhook_subscriptions ADD COLUMN sealed_former_secret text, ADD COLUMN former_secret_until timestamptz(3);

ALTER TABLE api_keys NO FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_subscriptions NO FORCE ROW LEVEL SECURITY;
UPDATE api_keys SET previous_secret = former_secrets -> 0 ->> 'sealed',
  previous_secret_until = (former_secrets -> 0 ->> 'until')::timestamptz WHERE former_secrets <> '[]';
UPDATE webhook_subscriptions SET sealed_former_secret = former_secrets -> 0 ->> 'sealed',
  former_secret_until = (former_secrets -> 0 ->> 'until')::timestamptz WHERE former_secrets <> '[]';
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_subscriptions FORCE ROW LEVEL SECURITY;

ALTER TABLE api_keys DROP COLUMN former_secrets;
ALTER TABLE webhook_subscriptions DROP COLUMN former_secrets;

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
