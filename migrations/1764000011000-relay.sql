-- How the relay finds and claims the tenants whose log is ahead of it.

-- up
/*
 * Tenants whose log is ahead of the relay, found by looking at all of them. The relay is told whose log has grown; only what it
 * was not told of is found like this.
 */
CREATE FUNCTION streams_behind(most integer) RETURNS TABLE (tenant_id text)
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id FROM event_stream s WHERE s.seq > s.relayed LIMIT most;
$$;

/*
 * Those of the candidates whose log is ahead of the relay, each claimed for this transaction. An advisory lock and not a
 * row lock, because appenders need the row while handlers run.
 */
CREATE FUNCTION claim_streams_behind(candidates text[]) RETURNS TABLE (tenant_id text, relayed bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  candidate text;
BEGIN
  FOREACH candidate IN ARRAY candidates LOOP
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('causeflow.relay:' || candidate, 0));
    RETURN QUERY
      SELECT s.tenant_id, s.relayed FROM event_stream s WHERE s.tenant_id = candidate AND s.seq > s.relayed;
  END LOOP;
END $$;

/* For /metrics: how many events are still to be relayed, of all tenants, as a number and nothing else. */
CREATE FUNCTION relay_backlog() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT coalesce(sum(s.seq - s.relayed), 0)::bigint FROM event_stream s WHERE s.seq > s.relayed
$$;

REVOKE EXECUTE ON FUNCTION streams_behind(integer), claim_streams_behind(text[]), relay_backlog() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION streams_behind(integer), claim_streams_behind(text[]), relay_backlog() TO causeflow_app;

-- down
DROP FUNCTION relay_backlog();
DROP FUNCTION claim_streams_behind(text[]);
DROP FUNCTION streams_behind(integer);
