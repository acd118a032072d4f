-- Figures for /metrics that span tenants and the job queue, as numbers and nothing else.

-- up
/* Reads the rows of the tenants that are behind, which a partial index lists; usually none. */
CREATE FUNCTION relay_backlog() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(sum(s.seq - s.relayed), 0)::bigint FROM event_stream s WHERE s.seq > s.relayed
$$;

CREATE FUNCTION job_figures() RETURNS TABLE (
    job text, waiting bigint, scheduled bigint, running bigint, failed bigint, oldest_seconds double precision)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT j.task_identifier,
         count(*) FILTER (WHERE j.locked_at IS NULL AND j.attempts < j.max_attempts AND j.run_at <= now()),
         count(*) FILTER (WHERE j.locked_at IS NULL AND j.attempts < j.max_attempts AND j.run_at > now()),
         count(*) FILTER (WHERE j.locked_at IS NOT NULL),
         count(*) FILTER (WHERE j.locked_at IS NULL AND j.attempts >= j.max_attempts),
         coalesce(extract(epoch FROM now() - min(j.run_at) FILTER (
           WHERE j.locked_at IS NULL AND j.attempts < j.max_attempts AND j.run_at <= now())), 0)::double precision
    FROM graphile_worker.jobs j
   GROUP BY j.task_identifier
$$;

REVOKE EXECUTE ON FUNCTION relay_backlog(), job_figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION relay_backlog(), job_figures() TO causeflow_app;

-- down
DROP FUNCTION job_figures();
DROP FUNCTION relay_backlog();
