-- One index finds incidents by whose they are, by what they are and by their words, in any combination.

-- up
/*
 * Lexemes that no text has, since those of texts are lower case: whose it is, and what lists filter by. So the index
 * itself leaves other tenants' rows aside, however common the words are there.
 */
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector GENERATED ALWAYS AS (
  to_tsvector('simple', title || ' ' || description) || array_to_tsvector(array_remove(ARRAY[
    'Tenant=' || tenant_id, 'Status=' || status, 'Severity=' || severity, 'Service=' || service,
    'Environment=' || environment, 'Source=' || source], NULL))) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words);

/*
 * The first `most` of the tenant's incidents that have these facets and words, in the order of a list, after a place in
 * it. For what is rare: every match is looked at. The operators of full text are not leakproof, so row-level security
 * would keep their index from being used; this function reads the tenant from the session itself and answers ids alone.
 * The query is a subquery, so that the planner does not guess from the words of all tenants but takes the index.
 */
DROP FUNCTION search_incidents(text);
CREATE FUNCTION search_incidents(
  words_sought text, facets text[], since timestamptz, until timestamptz, by_update boolean, ascending boolean,
  after_update timestamptz, after_id text, most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH sought AS MATERIALIZED (
    SELECT CASE WHEN words_sought IS NULL THEN own
                WHEN numnode(words) = 0 THEN NULL
                ELSE own && words END AS query
      FROM (SELECT string_agg('(' || (SELECT string_agg(format('''%s''', replace(replace(lexeme, '\', '\\'), '''', '''''')), '&')
                                        FROM unnest(facets || ('Tenant=' || tenant)) AS lexeme) || ')', '|')::tsquery AS own
              FROM unnest(current_tenants()) AS tenant) AS facts,
           websearch_to_tsquery('simple', words_sought) AS words
  ), matched AS MATERIALIZED (
    SELECT i.tenant_id, i.incident_id, i.created_at, i.updated_at FROM incidents i
     WHERE i.words @@ (SELECT query FROM sought)
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
   LIMIT most
$$;
REVOKE EXECUTE ON FUNCTION search_incidents(
  text, text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_incidents(
  text, text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) TO causeflow_app;

-- down
DROP FUNCTION search_incidents(
  text, text[], timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer);
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
