-- Tenants: whom everything else belongs to.

-- up
CREATE TABLE tenants (
  tenant_id text COLLATE "C" PRIMARY KEY,
  name text NOT NULL,
  plan text NOT NULL,
  status text NOT NULL,
  settings jsonb NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL
);
SELECT isolate_by_tenant('tenants', true);

/* Until when any tenant may still replay events. */
CREATE FUNCTION oldest_event_wanted() RETURNS timestamptz
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT now() - make_interval(days => max((t.settings->'retentionDays'->>'events')::integer)) FROM tenants t
$$;
REVOKE EXECUTE ON FUNCTION oldest_event_wanted() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oldest_event_wanted() TO causeflow_app;

-- down
DROP FUNCTION oldest_event_wanted();
DROP TABLE tenants;
