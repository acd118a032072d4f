-- How long the lines of waiting investigations are, as numbers by tenant.

-- up
/* The owner, and nobody else, sees across tenants the runs that have not ended; a partial index lists just these. */
CREATE POLICY queue_figures ON investigations FOR SELECT TO CURRENT_USER USING (status IN ('queued', 'running'));

/* The tenants with the longest lines, at most `most` of them. */
CREATE FUNCTION investigation_queues(most integer) RETURNS TABLE (
    tenant_id text, queued bigint, running bigint, oldest_seconds double precision)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id,
         count(*) FILTER (WHERE i.status = 'queued'),
         count(*) FILTER (WHERE i.status = 'running'),
         coalesce(extract(epoch FROM now() - min(i.queued_at) FILTER (WHERE i.status = 'queued')), 0)::double precision
    FROM investigations i WHERE i.status IN ('queued', 'running')
   GROUP BY i.tenant_id ORDER BY 2 DESC, 3 DESC LIMIT most
$$;
REVOKE EXECUTE ON FUNCTION investigation_queues(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION investigation_queues(integer) TO causeflow_app;

-- down
DROP FUNCTION investigation_queues(integer);
DROP POLICY queue_figures ON investigations;
