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
 * it. For what is rare: every match of a slot is looked at. By creation the slots are visited in the order given, until
 * there are enough; by update all at once, and all there are when NULL is given.
 * The operators of full text are not leakproof, so row-level security would keep their index from being used; this
 * function reads the tenant from the session itself and answers ids alone. The query is a subquery, so that the planner
 * does not guess from the words of all tenants but takes the index.
 */
DROP FUNCTION search_incidents(text);
CREATE FUNCTION search_incidents(
  words_sought text, facets text[], slots text[], since timestamptz, until timestamptz, by_update boolean,
  ascending boolean, after_update timestamptz, after_id text, most integer) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  asked tsquery := (SELECT string_agg(quote_lexeme(facet), '&') FROM unnest(facets) AS facet)::tsquery;
  steps text[];
  slots_sought text;
  query tsquery;
  found_now integer;
BEGIN
  IF words_sought IS NOT NULL THEN
    query := websearch_to_tsquery('simple', words_sought);
    IF numnode(query) = 0 THEN
      RETURN;
    END IF;
    asked := coalesce(asked && query, query);
  END IF;
  IF slots IS NULL THEN
    SELECT ARRAY[string_agg(quote_lexeme('Tenant=' || t), '|')] INTO steps FROM unnest(current_tenants()) AS t;
  ELSE
    /* Three slots, then twelve, then 48: few questions for what is rare, and few matches each for what is not. */
    SELECT array_agg(own ORDER BY step) INTO steps FROM (
      SELECT string_agg(quote_lexeme('Slot=' || t || '/' || slot), '|') AS own, floor(log(4, place)) AS step
        FROM unnest(slots) WITH ORDINALITY AS s (slot, place), unnest(current_tenants()) AS t GROUP BY step) AS grown;
    IF by_update THEN
      steps := ARRAY[array_to_string(steps, '|')];
    END IF;
  END IF;
  FOREACH slots_sought IN ARRAY coalesce(steps, '{}') LOOP
    query := coalesce(slots_sought::tsquery && asked, slots_sought::tsquery);
    RETURN QUERY
      WITH matched AS MATERIALIZED (
        SELECT i.tenant_id, i.incident_id, i.created_at, i.updated_at FROM incidents i WHERE i.words @@ (SELECT query)
      )
      SELECT m.incident_id FROM matched m
       WHERE m.tenant_id = ANY (current_tenants())
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
    most := most - found_now;
    EXIT WHEN most <= 0;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION quote_lexeme(text), search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(
  text, text[], text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) TO causeflow_app;

-- down
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
