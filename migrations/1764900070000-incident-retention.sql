-- Incidents that outlived their retention are deleted.

-- up
/* So that deleting an alert, or a plan, finds what only it refers to. Alerts that came alone have no shared body. */
CREATE INDEX alerts_by_body ON alerts (tenant_id, body_id) WHERE body_id IS NOT NULL;
CREATE INDEX approvals_by_remediation ON approvals (tenant_id, remediation_id);

/* Tenants, in the order of their ids, that have an incident without a change since then: one look at the index per tenant. */
CREATE FUNCTION tenants_with_old_incidents(before timestamptz, after text, most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH RECURSIVE oldest AS (
    (SELECT tenant_id, updated_at FROM incidents WHERE tenant_id > after ORDER BY tenant_id, updated_at LIMIT 1)
    UNION ALL
    SELECT further.* FROM oldest CROSS JOIN LATERAL (
      SELECT i.tenant_id, i.updated_at FROM incidents i
       WHERE i.tenant_id > oldest.tenant_id ORDER BY i.tenant_id, i.updated_at LIMIT 1) AS further
  )
  SELECT tenant_id FROM oldest WHERE updated_at < before LIMIT most
$$;
REVOKE EXECUTE ON FUNCTION tenants_with_old_incidents(timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_old_incidents(timestamptz, text, integer) TO causeflow_app;

-- down
DROP FUNCTION tenants_with_old_incidents(timestamptz, text, integer);
DROP INDEX approvals_by_remediation;
DROP INDEX alerts_by_body;
