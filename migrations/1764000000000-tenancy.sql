-- The application works as a role that does not own its tables, so that row-level security binds it. See docs/adr/0009-tenancy.md.

-- up
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'causeflow_app') THEN
    CREATE ROLE causeflow_app NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another installation on this server made it at the same moment
END $$;

DO $$
BEGIN
  /* Since PostgreSQL 16 a member may still not be allowed to take the role; before, there was no such difference. */
  IF NOT pg_has_role(current_user, 'causeflow_app',
       CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN
    EXECUTE format('GRANT causeflow_app TO %I', current_user);
  END IF;
END $$;

GRANT USAGE ON SCHEMA public TO causeflow_app;

/* The tenants that the running transaction works for: set by the unit of work, for this transaction alone. */
CREATE FUNCTION current_tenants() RETURNS text[]
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT string_to_array(current_setting('app.tenant_ids', true), ',') $$;

/*
 * Puts a table behind the wall: whoever forgets a WHERE sees and writes only rows of the current tenants.
 * As "tenant_id = ANY (…)" the wall would be a condition that an index can answer, so the planner would take it for one more of
 * the query's own: it reckons with the same tenant twice, believes in an eighth of the rows that there are, and finds rows sought
 * by their keys by walking along all of a tenant's entries. As a filter it is taken for what it is, hardly ever false; and
 * it is evaluated once a statement.
 * `owner_reads` lets SECURITY DEFINER functions look across tenants: for the look-ups that come before a tenant is
 * known, and for searches whose operators are not leakproof. The application's role is never the owner.
 * A backup reads as the owner, who says so in `app.backup`; for the application's role that setting opens nothing.
 */
CREATE FUNCTION isolate_by_tenant(isolated regclass, owner_reads boolean DEFAULT false) RETURNS void
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

-- down
DROP FUNCTION isolate_by_tenant(regclass, boolean);
DROP FUNCTION current_tenants();
REVOKE USAGE ON SCHEMA public FROM causeflow_app;
