-- Jobs are graphile-worker's; its schema is migrated before ours. The application's role may only enqueue, and count them.

-- up
/* specs: [{identifier, payload, queue_name, run_at, max_attempts, job_key, job_key_mode, priority, flags}] */
CREATE FUNCTION enqueue_jobs(specs json) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) FROM graphile_worker.add_jobs(
    ARRAY(SELECT json_populate_record(NULL::graphile_worker.job_spec, s) FROM json_array_elements(specs) s));
$$;

/* For /metrics: by kind of job and over all tenants, as numbers and nothing else. */
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

REVOKE EXECUTE ON FUNCTION enqueue_jobs(json), job_figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enqueue_jobs(json), job_figures() TO causeflow_app;

-- down
DROP FUNCTION job_figures();
DROP FUNCTION enqueue_jobs(json);
