-- Webhook subscriptions: addresses that are sent events. See docs/adr/0016-webhook-subscriptions.md.

-- up
/* The secrets are sealed (kernel/crypto) before they come here. */
CREATE TABLE webhook_subscriptions (
  tenant_id text COLLATE "C" NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  url text NOT NULL,
  events jsonb NOT NULL,
  description text,
  enabled boolean NOT NULL,
  disabled_reason text,
  sealed_secret text NOT NULL,
  sealed_former_secret text,
  former_secret_until timestamptz(3),
  place bigint NOT NULL,
  next_retry_at timestamptz(3),
  failing_since timestamptz(3),
  failed_at timestamptz(3),
  courier text,
  courier_until timestamptz(3),
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id)
) WITH (fillfactor = 50);
/* Names nothing that changes whenever something is sent. */
CREATE INDEX webhook_subscriptions_enabled ON webhook_subscriptions (tenant_id) WHERE enabled;
SELECT isolate_by_tenant('webhook_subscriptions', true);

/* One row for each event that was sent to a subscription, however often; no payloads, which are in the log. */
CREATE TABLE webhook_deliveries (
  tenant_id text COLLATE "C" NOT NULL,
  subscription_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  delivery_id text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  event text COLLATE "C" NOT NULL,
  status text NOT NULL,
  attempts integer NOT NULL,
  tries integer NOT NULL,
  last_status_code integer,
  last_error text,
  created_at timestamptz(3) NOT NULL,
  last_attempt_at timestamptz(3),
  next_attempt_at timestamptz(3),
  PRIMARY KEY (tenant_id, subscription_id, seq)
);
CREATE UNIQUE INDEX webhook_deliveries_by_id ON webhook_deliveries (tenant_id, delivery_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, subscription_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
SELECT isolate_by_tenant('webhook_deliveries');
/* The last attempt is made within four days. */
SELECT purge_after('webhook_deliveries', 'created_at', '7 days');

CREATE FUNCTION webhook_subscribers() RETURNS TABLE (tenant_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT s.tenant_id FROM webhook_subscriptions s WHERE s.enabled
$$;

/*
 * Subscriptions with something to send and no courier on the way: of the candidates, or of everybody. The moment is the
 * caller's, who decides by the same clock what to send.
 */
CREATE FUNCTION webhooks_due(candidates text[], moment timestamptz) RETURNS TABLE (tenant_id text, subscription_id text, is_failing boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id, s.subscription_id, s.failing_since IS NOT NULL
    FROM webhook_subscriptions s JOIN event_stream log USING (tenant_id)
   WHERE s.enabled AND (candidates IS NULL OR s.tenant_id = ANY (candidates))
     AND (s.courier_until IS NULL OR s.courier_until <= moment)
     AND (log.seq > s.place OR s.next_retry_at <= moment)
$$;

/* Tenants who have such subscriptions, found by looking at all of them. */
CREATE FUNCTION webhooks_behind(most integer) RETURNS TABLE (tenant_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT due.tenant_id FROM webhooks_due(NULL, now()) AS due LIMIT most
$$;

REVOKE EXECUTE ON FUNCTION webhook_subscribers(), webhooks_due(text[], timestamptz), webhooks_behind(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_subscribers(), webhooks_due(text[], timestamptz), webhooks_behind(integer) TO causeflow_app;

-- down
DROP FUNCTION webhooks_behind(integer);
DROP FUNCTION webhooks_due(text[], timestamptz);
DROP FUNCTION webhook_subscribers();
DELETE FROM purges WHERE table_name = 'webhook_deliveries';
DROP TABLE webhook_deliveries;
DROP TABLE webhook_subscriptions;
