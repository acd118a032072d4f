-- The wall between tenants stands beside each query's plan instead of in it.

-- up
/*
 * "tenant_id = ANY (…)" is a condition that an index can answer, so the planner took it for one more of the query's own: it
 * reckoned with the same tenant twice, believed in an eighth of the rows that there were, and counted ten descents into an
 * index for each one asked for. Rows sought by their keys were then found by walking along all of a tenant's entries. As a
 * filter it is taken for what it is, hardly ever false; and it is evaluated once a statement.
 */
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

DO $$
DECLARE
  isolated regclass;
BEGIN
  FOR isolated IN SELECT polrelid FROM pg_policy WHERE polname = 'own_tenant' LOOP
    EXECUTE format('ALTER POLICY own_tenant ON %s
      USING (array_position((SELECT current_tenants()), tenant_id) IS NOT NULL)
      WITH CHECK (array_position((SELECT current_tenants()), tenant_id) IS NOT NULL)', isolated);
  END LOOP;
END $$;

-- down
CREATE OR REPLACE FUNCTION isolate_by_tenant(isolated regclass, owner_reads boolean DEFAULT false) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', isolated);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', isolated);
  EXECUTE format('CREATE POLICY own_tenant ON %s USING (tenant_id = ANY (current_tenants())) WITH CHECK (tenant_id = ANY (current_tenants()))', isolated);
  EXECUTE format('CREATE POLICY backup ON %s FOR SELECT TO %I USING ((SELECT current_setting(''app.backup'', true)) = ''on'')', isolated, current_user);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO causeflow_app', isolated);
  IF owner_reads THEN
    EXECUTE format('CREATE POLICY look_up ON %s FOR SELECT TO %I USING (true)', isolated, current_user);
  END IF;
END $$;
DO $$
DECLARE
  isolated regclass;
BEGIN
  FOR isolated IN SELECT polrelid FROM pg_policy WHERE polname = 'own_tenant' LOOP
    EXECUTE format('ALTER POLICY own_tenant ON %s
      USING (tenant_id = ANY (current_tenants())) WITH CHECK (tenant_id = ANY (current_tenants()))', isolated);
  END LOOP;
END $$;
