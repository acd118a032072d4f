-- How far each tenant's log has been published to NATS. Empty without NATS_URL. See docs/adr/0011-nats.md.

-- up
CREATE TABLE event_publications (
  tenant_id text COLLATE "C" PRIMARY KEY,
  published bigint NOT NULL
) WITH (fillfactor = 50);
SELECT isolate_by_tenant('event_publications', true);
CREATE POLICY begin ON event_publications FOR INSERT TO CURRENT_USER WITH CHECK (true);

/* The first time ever, publishing begins where the logs stand: what is long past is in the log for whoever wants it. */
CREATE FUNCTION begin_publishing() RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO event_publications (tenant_id, published)
  SELECT tenant_id, seq FROM event_stream WHERE NOT EXISTS (SELECT FROM event_publications)
  ON CONFLICT DO NOTHING;
$$;

/* Tenants whose log is ahead of what was published, found by looking at all of them. */
CREATE FUNCTION streams_unpublished(most integer) RETURNS TABLE (tenant_id text)
  LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.tenant_id FROM event_stream s LEFT JOIN event_publications p USING (tenant_id)
   WHERE s.seq > coalesce(p.published, 0) LIMIT most;
$$;

/* Those of the candidates whose log is ahead of what was published, each claimed for this transaction. */
CREATE FUNCTION claim_streams_unpublished(candidates text[]) RETURNS TABLE (tenant_id text, published bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  candidate text;
BEGIN
  FOREACH candidate IN ARRAY candidates LOOP
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('causeflow.publish:' || candidate, 0));
    RETURN QUERY
      SELECT s.tenant_id, coalesce(p.published, 0) FROM event_stream s LEFT JOIN event_publications p USING (tenant_id)
       WHERE s.tenant_id = candidate AND s.seq > coalesce(p.published, 0);
  END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION begin_publishing(), streams_unpublished(integer), claim_streams_unpublished(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_publishing(), streams_unpublished(integer), claim_streams_unpublished(text[]) TO causeflow_app;

-- down
DROP FUNCTION claim_streams_unpublished(text[]);
DROP FUNCTION streams_unpublished(integer);
DROP FUNCTION begin_publishing();
DROP TABLE event_publications;
