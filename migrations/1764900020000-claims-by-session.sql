-- Logs are claimed for a session instead of a transaction, so that each is let go of by itself. See docs/adr/0017-turns.md.

-- up
/*
 * Those of the candidates whose log is ahead of the relay, each claimed until it is let go of or the connection ends. An
 * advisory lock and not a row lock, because appenders need the row while handlers run.
 */
CREATE OR REPLACE FUNCTION claim_streams_behind(candidates text[]) RETURNS TABLE (tenant_id text, relayed bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  candidate text;
BEGIN
  FOREACH candidate IN ARRAY candidates LOOP
    CONTINUE WHEN NOT pg_try_advisory_lock(hashtextextended('causeflow.relay:' || candidate, 0));
    RETURN QUERY
      SELECT s.tenant_id, s.relayed FROM event_stream s WHERE s.tenant_id = candidate AND s.seq > s.relayed;
    IF NOT FOUND THEN
      PERFORM pg_advisory_unlock(hashtextextended('causeflow.relay:' || candidate, 0));
    END IF;
  END LOOP;
END $$;

/* The same for what was published. */
CREATE OR REPLACE FUNCTION claim_streams_unpublished(candidates text[]) RETURNS TABLE (tenant_id text, published bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  candidate text;
BEGIN
  FOREACH candidate IN ARRAY candidates LOOP
    CONTINUE WHEN NOT pg_try_advisory_lock(hashtextextended('causeflow.publish:' || candidate, 0));
    RETURN QUERY
      SELECT s.tenant_id, coalesce(p.published, 0) FROM event_stream s LEFT JOIN event_publications p USING (tenant_id)
       WHERE s.tenant_id = candidate AND s.seq > coalesce(p.published, 0);
    IF NOT FOUND THEN
      PERFORM pg_advisory_unlock(hashtextextended('causeflow.publish:' || candidate, 0));
    END IF;
  END LOOP;
END $$;

/* follower: relay or publish */
CREATE FUNCTION let_go_of_streams(follower text, claimed text[]) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_unlock(hashtextextended('causeflow.' || follower || ':' || tenant_id, 0))
     FROM unnest(claimed) AS tenant_id;
END $$;

-- down
DROP FUNCTION let_go_of_streams(text, text[]);
CREATE OR REPLACE FUNCTION claim_streams_unpublished(candidates text[]) RETURNS TABLE (tenant_id text, published bigint)
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
CREATE OR REPLACE FUNCTION claim_streams_behind(candidates text[]) RETURNS TABLE (tenant_id text, relayed bigint)
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
