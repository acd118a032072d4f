-- However little most tenants have, PostgreSQL takes each of them to have a hundredth of a table.

-- up
/*
 * Where most tenants have a row or two, it would take everyone to have as many, and find a row by any index that tenant_id
 * leads as cheaply as by its key: once one of them has a storm, it walks along all of hers for each alert, until
 * statistics are made anew, which takes a tenth of the table. A hundredth of the table is never cheaper than a key.
 * It holds from the next ANALYZE on.
 */
CREATE FUNCTION expect_large_tenants(told regclass) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant_id SET (n_distinct = 100, n_distinct_inherited = 100)', told);
END $$;

CREATE OR REPLACE FUNCTION isolate_by_tenant(isolated regclass, owner_reads boolean DEFAULT false) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', isolated);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', isolated);
  EXECUTE format('CREATE POLICY own_tenant ON %s USING (array_position((SELECT current_tenants()), tenant_id) IS NOT NULL)', isolated);
  EXECUTE format('CREATE POLICY backup ON %s FOR SELECT TO %I USING ((SELECT current_setting(''app.backup'', true)) = ''on'')', isolated, current_user);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO causeflow_app', isolated);
  IF owner_reads THEN
    EXECUTE format('CREATE POLICY look_up ON %s FOR SELECT TO %I USING (true)', isolated, current_user);
  END IF;
  PERFORM expect_large_tenants(isolated);
END $$;

CREATE OR REPLACE FUNCTION make_event_month(moment timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month timestamptz := date_trunc('month', moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  part text := 'events_' || to_char(moment AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(part) IS NOT NULL THEN
    RETURN;
  END IF;
  /* What attaching takes anyway. One at a time, and each sees what those before it have made. */
  LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass(part) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', part);
    PERFORM expect_large_tenants(part::regclass);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

DO $$
DECLARE
  told record;
BEGIN
  FOR told IN
    SELECT c.oid::regclass AS name, c.reltuples > 0 AS is_known FROM pg_class c
     WHERE c.oid IN (SELECT polrelid FROM pg_policy WHERE polname = 'own_tenant')
        OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass AND NOT inhdetachpending)
  LOOP
    PERFORM expect_large_tenants(told.name);
    IF told.is_known THEN
      EXECUTE format('ANALYZE %s (tenant_id)', told.name);
    END IF;
  END LOOP;
END $$;

-- down
DO $$
DECLARE
  told regclass;
BEGIN
  FOR told IN SELECT attrelid FROM pg_attribute WHERE attname = 'tenant_id' AND attoptions IS NOT NULL LOOP
    EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant_id RESET (n_distinct, n_distinct_inherited)', told);
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION make_event_month(moment timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month timestamptz := date_trunc('month', moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  part text := 'events_' || to_char(moment AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(part) IS NOT NULL THEN
    RETURN;
  END IF;
  /* What attaching takes anyway. One at a time, and each sees what those before it have made. */
  LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass(part) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', part);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

CREATE OR REPLACE FUNCTION isolate_by_tenant(isolated regclass, owner_reads boolean DEFAULT false) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', isolated);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', isolated);
  EXECUTE format('CREATE POLICY own_tenant ON %s USING (array_position((SELECT current_tenants()), tenant_id) IS NOT NULL)', isolated);
  EXECUTE format('CREATE POLICY backup ON %s FOR SELECT TO %I USING ((SELECT current_setting(''app.backup'', true)) = ''on'')', isolated, current_user);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO causeflow_app', isolated);
  IF owner_reads THEN
    EXECUTE format('CREATE POLICY look_up ON %s FOR SELECT TO %I USING (true)', isolated, current_user);
  END IF;
END $$;

DROP FUNCTION expect_large_tenants(regclass);
