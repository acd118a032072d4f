-- One index finds incidents by whose they are, by what they are and by their words, in any combination.

-- up
/*
 * Lexemes that no text has, since those of texts are lower case: whose it is, whose it is and of which slot of time, and
 * what lists filter by. So the index itself leaves other tenants' rows and other times aside, however common the words.
 * A slot is what the first four characters of the time in an id tell: twelve days.
 */
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector GENERATED ALWAYS AS (
  to_tsvector('simple', title || ' ' || description) || array_to_tsvector(array_remove(ARRAY[
    'Tenant=' || tenant_id, 'Slot=' || tenant_id || '/' || substr(incident_id, 5, 4), 'Status=' || status,
    'Severity=' || severity, 'Service=' || service, 'Environment=' || environment, 'Source=' || source], NULL))) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words);

CREATE FUNCTION quote_lexeme(lexeme text) RETURNS text
  LANGUAGE sql IMMUTABLE
  AS $$ SELECT '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' $$;

/*
 * The first `most` of the tenant's incidents that have these facets and words, in the order of a list, after a place in
 * it. For what is rare: every match is looked at, in the slots given, one after the other until there are enough, a slot
 * of NULL being all of the tenant's time; by update in all of them at once. It can answer an incident twice.
 * Each slot is a question of its own, and whose it is stands apart from what is asked for: of conditions that stand apart
 * the index lets one leap ahead to where the other goes on; within one it goes through all that has the rarest lexeme. The
 * one that leads is the one that leaves most aside: a slot, and what is asked for before all of a tenant's time.
 * The operators of full text are not leakproof, so row-level security would keep their index from being used; this
 * function reads the tenant from the session itself and answers ids alone. The queries are a subquery, and a
 * table is not read whole, so that the planner takes the index whatever it guesses from the words of all tenants.
 */
DROP FUNCTION search_incidents(text);
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
REVOKE EXECUTE ON FUNCTION quote_lexeme(text), search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) TO causeflow_app;

/* So that lists by time read times from the key alone. */
CREATE UNIQUE INDEX incidents_by_id ON incidents (tenant_id, incident_id) INCLUDE (created_at, updated_at);
ALTER TABLE incidents DROP CONSTRAINT incidents_pkey;
ALTER TABLE incidents ADD CONSTRAINT incidents_pkey PRIMARY KEY USING INDEX incidents_by_id;

-- down
ALTER TABLE incidents DROP CONSTRAINT incidents_pkey;
ALTER TABLE incidents ADD CONSTRAINT incidents_pkey PRIMARY KEY (tenant_id, incident_id);
DROP FUNCTION search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer);
DROP FUNCTION quote_lexeme(text);
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector
  GENERATED ALWAYS AS (to_tsvector('simple', title || ' ' || description)) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words);
CREATE FUNCTION search_incidents(words_sought text) RETURNS TABLE (incident_id text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH matched AS MATERIALIZED (
    SELECT i.tenant_id, i.incident_id FROM incidents i WHERE i.words @@ websearch_to_tsquery('simple', words_sought)
  )
  SELECT m.incident_id FROM matched m WHERE m.tenant_id = ANY (current_tenants())
$$;
REVOKE EXECUTE ON FUNCTION search_incidents(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(text) TO causeflow_app;
