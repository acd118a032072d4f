-- Jobs are graphile-worker's; its schema is migrated before ours. The application's role may only enqueue.

-- up
/* specs: [{identifier, payload, queue_name, run_at, max_attempts, job_key, job_key_mode, priority, flags}] */
CREATE FUNCTION enqueue_jobs(specs json) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) FROM graphile_worker.add_jobs(
    ARRAY(SELECT json_populate_record(NULL::graphile_worker.job_spec, s) FROM json_array_elements(specs) s));
$$;
REVOKE EXECUTE ON FUNCTION enqueue_jobs(json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enqueue_jobs(json) TO causeflow_app;

-- down
DROP FUNCTION enqueue_jobs(json);
