-- The counters of the logs are changed in place: no index names what changes at every append.

-- up
/*
 * An index over "seq > relayed" made each append and each step of the relay write a new entry into every index of this
 * table, and a look at a tenant's row walk over the dead ones until the next vacuum. The relay is told whose log has grown;
 * only what it was not told of is found by looking at all.
 */
DROP INDEX event_stream_behind;

/* Tenants whose log is ahead of the relay, found by looking at all of them. */
CREATE FUNCTION streams_behind(most integer) RETURNS TABLE (tenant_id text)
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id FROM event_stream s WHERE s.seq > s.relayed LIMIT most;
$$;

/*
 * Those of the candidates whose log is ahead of the relay, each claimed for this transaction. An advisory lock and not a
 * row lock, because appenders need the row while handlers run.
 */
DROP FUNCTION claim_streams_behind(integer);
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

REVOKE EXECUTE ON FUNCTION streams_behind(integer), claim_streams_behind(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION streams_behind(integer), claim_streams_behind(text[]) TO causeflow_app;

-- down
DROP FUNCTION claim_streams_behind(text[]);
DROP FUNCTION streams_behind(integer);
CREATE FUNCTION claim_streams_behind(most integer) RETURNS TABLE (tenant_id text, relayed bigint, seq bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  candidate text;
  claimed integer := 0;
BEGIN
  FOR candidate IN SELECT s.tenant_id FROM event_stream s WHERE s.seq > s.relayed ORDER BY random() LIMIT most * 4 LOOP
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('causeflow.relay:' || candidate, 0));
    RETURN QUERY SELECT s.tenant_id, s.relayed, s.seq FROM event_stream s WHERE s.tenant_id = candidate AND s.seq > s.relayed;
    claimed := claimed + 1;
    EXIT WHEN claimed >= most;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION claim_streams_behind(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_streams_behind(integer) TO causeflow_app;
CREATE INDEX event_stream_behind ON event_stream (tenant_id) WHERE seq > relayed;
