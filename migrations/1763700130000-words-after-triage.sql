-- An incident's words go into their index once triage has it, not while its sender waits.

-- up
/* So that what has no words yet is matched by the very same rule. */
CREATE FUNCTION words_of(title text, description text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT to_tsvector('simple', title || ' ' || description) $$;
REVOKE EXECUTE ON FUNCTION words_of(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION words_of(text, text) TO causeflow_app;

/* The same twelve days that the first four characters of an id tell. */
CREATE FUNCTION slot_of(moment timestamptz) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT ((extract(epoch FROM moment - timestamptz '1970-01-01 00:00:00+00') * 1000)::bigint >> 30)::text $$;
REVOKE EXECUTE ON FUNCTION slot_of(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slot_of(timestamptz) TO causeflow_app;

/*
 * What is still to be triaged is few, and the index of statuses finds it. Triage, moments later, writes the row anew and
 * all of its index entries with it, so that until now each incident's words went into their index twice at once.
 */
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector GENERATED ALWAYS AS (CASE WHEN status <> 'triaging' THEN
  words_of(title, description) || array_to_tsvector(array_remove(ARRAY[
    'Tenant=' || tenant_id, 'Slot=' || tenant_id || '/' || substr(incident_id, 5, 4),
    'Updated=' || tenant_id || '/' || slot_of(updated_at), 'Status=' || status,
    'Severity=' || severity, 'Service=' || service, 'Environment=' || environment, 'Source=' || source], NULL)) END) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words) WITH (gin_pending_list_limit = 256)
  WHERE words IS NOT NULL;

/*
 * As before, but told the lexemes of slots, by update those of updates too, where until now each match of all of a tenant's
 * time had to be looked at: the index cannot tell when it was updated. Whoever names another tenant's lexemes finds nothing.
 */
DROP FUNCTION search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer);
CREATE FUNCTION search_incidents(
  words_sought text, facets text[], slots text[], at_once boolean, since timestamptz, until timestamptz,
  by_update boolean, ascending boolean, after_update timestamptz, after_id text, most integer) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  asked tsquery := (SELECT string_agg(quote_lexeme(facet), '&') FROM unnest(facets) AS facet)::tsquery;
  words_asked tsquery;
  whose tsquery[];
  what tsquery[];
  first_asked tsquery[];
  then_asked tsquery[];
  found_now integer;
  found_so_far integer := 0;
BEGIN
  IF words_sought IS NOT NULL THEN
    words_asked := websearch_to_tsquery('simple', words_sought);
    IF numnode(words_asked) = 0 THEN
      RETURN;
    END IF;
    asked := coalesce(asked && words_asked, words_asked);
  END IF;
  FOR step IN 1 .. least(cardinality(slots), CASE WHEN at_once THEN 1 END) LOOP
    SELECT array_agg(quote_lexeme(slot)::tsquery) INTO whose
      FROM unnest(CASE WHEN at_once THEN slots ELSE slots[step:step] END) AS slot;
    what := CASE WHEN asked IS NULL THEN whose ELSE ARRAY[asked] END;
    first_asked := CASE WHEN slots[step] LIKE 'Tenant=%' THEN what ELSE whose END;
    then_asked := CASE WHEN slots[step] LIKE 'Tenant=%' THEN whose ELSE what END;
    RETURN QUERY
      WITH matched AS MATERIALIZED (
        SELECT i.tenant_id, i.incident_id, i.created_at, i.updated_at FROM incidents i
         WHERE i.words @@ ANY ((SELECT first_asked)::tsquery[]) AND i.words @@ ANY ((SELECT then_asked)::tsquery[])
      )
      SELECT m.incident_id FROM matched m
       WHERE m.tenant_id = ANY ((SELECT current_tenants())::text[])
         AND (since IS NULL OR m.created_at >= since) AND (until IS NULL OR m.created_at < until)
         AND CASE WHEN after_id IS NULL THEN true
                  WHEN by_update AND ascending THEN (m.updated_at, m.incident_id) > (after_update, after_id)
                  WHEN by_update THEN (m.updated_at, m.incident_id) < (after_update, after_id)
                  WHEN ascending THEN m.incident_id > after_id
                  ELSE m.incident_id < after_id END
       ORDER BY CASE WHEN by_update AND ascending THEN m.updated_at END,
                CASE WHEN by_update AND NOT ascending THEN m.updated_at END DESC,
                CASE WHEN ascending THEN m.incident_id END, m.incident_id DESC
       LIMIT most;
    GET DIAGNOSTICS found_now = ROW_COUNT;
    found_so_far := found_so_far + found_now;
    EXIT WHEN found_so_far >= most;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION search_incidents(
  text, text[], text[], boolean, timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(
  text, text[], text[], boolean, timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) TO causeflow_app;

-- down
DROP FUNCTION search_incidents(
  text, text[], text[], boolean, timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer);
CREATE FUNCTION search_incidents(
  words_sought text, facets text[], slots text[], since timestamptz, until timestamptz, by_update boolean,
  ascending boolean, after_update timestamptz, after_id text, most integer) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  asked tsquery := (SELECT string_agg(quote_lexeme(facet), '&') FROM unnest(facets) AS facet)::tsquery;
  words_asked tsquery;
  whose tsquery[];
  what tsquery[];
  first_asked tsquery[];
  then_asked tsquery[];
  found_now integer;
  found_so_far integer := 0;
BEGIN
  IF words_sought IS NOT NULL THEN
    words_asked := websearch_to_tsquery('simple', words_sought);
    IF numnode(words_asked) = 0 THEN
      RETURN;
    END IF;
    asked := coalesce(asked && words_asked, words_asked);
  END IF;
  FOR step IN 1 .. least(cardinality(slots), CASE WHEN by_update THEN 1 END) LOOP
    SELECT array_agg(quote_lexeme(CASE WHEN slot IS NULL THEN 'Tenant=' || t ELSE 'Slot=' || t || '/' || slot END)::tsquery)
      INTO whose
      FROM unnest(CASE WHEN by_update THEN slots ELSE slots[step:step] END) AS slot, unnest(current_tenants()) AS t;
    what := CASE WHEN asked IS NULL THEN whose ELSE ARRAY[asked] END;
    first_asked := CASE WHEN slots[step] IS NULL THEN what ELSE whose END;
    then_asked := CASE WHEN slots[step] IS NULL THEN whose ELSE what END;
    RETURN QUERY
      WITH matched AS MATERIALIZED (
        SELECT i.tenant_id, i.incident_id, i.created_at, i.updated_at FROM incidents i
         WHERE i.words @@ ANY ((SELECT first_asked)::tsquery[]) AND i.words @@ ANY ((SELECT then_asked)::tsquery[])
      )
      SELECT m.incident_id FROM matched m
       WHERE m.tenant_id = ANY ((SELECT current_tenants())::text[])
         AND (since IS NULL OR m.created_at >= since) AND (until IS NULL OR m.created_at < until)
         AND CASE WHEN after_id IS NULL THEN true
                  WHEN by_update AND ascending THEN (m.updated_at, m.incident_id) > (after_update, after_id)
                  WHEN by_update THEN (m.updated_at, m.incident_id) < (after_update, after_id)
                  WHEN ascending THEN m.incident_id > after_id
                  ELSE m.incident_id < after_id END
       ORDER BY CASE WHEN by_update AND ascending THEN m.updated_at END,
                CASE WHEN by_update AND NOT ascending THEN m.updated_at END DESC,
                CASE WHEN ascending THEN m.incident_id END, m.incident_id DESC
       LIMIT most;
    GET DIAGNOSTICS found_now = ROW_COUNT;
    found_so_far := found_so_far + found_now;
    EXIT WHEN found_so_far >= most;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) TO causeflow_app;
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector GENERATED ALWAYS AS (
  to_tsvector('simple', title || ' ' || description) || array_to_tsvector(array_remove(ARRAY[
    'Tenant=' || tenant_id, 'Slot=' || tenant_id || '/' || substr(incident_id, 5, 4), 'Status=' || status,
    'Severity=' || severity, 'Service=' || service, 'Environment=' || environment, 'Source=' || source], NULL))) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words) WITH (gin_pending_list_limit = 256);
DROP FUNCTION words_of(text, text);
DROP FUNCTION slot_of(timestamptz);
