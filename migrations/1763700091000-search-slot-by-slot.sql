-- Searches look into one slot of time after another, and lists by update read creation times from the key alone.

-- up
/*
 * The first `most` of the tenant's incidents that have these facets and words, in the order of a list, after a place in
 * it. For what is rare: every match is looked at, in the slots given, one after the other until there are enough, a slot
 * of NULL being all of the tenant's time; by update in all of them at once. It can answer an incident twice.
 * Each slot is a question of its own: an index of words finds what has all of some lexemes by the rarest of them, and
 * loses that when one of them may be this or that.
 * The operators of full text are not leakproof, so row-level security would keep their index from being used; this
 * function reads the tenant from the session itself and answers ids alone. The queries are a subquery, and a
 * table is not read whole, so that the planner takes the index whatever it guesses from the words of all tenants.
 */
CREATE OR REPLACE FUNCTION search_incidents(
  words_sought text, facets text[], slots text[], since timestamptz, until timestamptz, by_update boolean,
  ascending boolean, after_update timestamptz, after_id text, most integer) RETURNS SETOF text
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  asked tsquery := (SELECT string_agg(quote_lexeme(facet), '&') FROM unnest(facets) AS facet)::tsquery;
  words_asked tsquery;
  queries tsquery[];
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
  SELECT array_agg(coalesce(own && asked, own) ORDER BY place) INTO queries FROM (
    SELECT quote_lexeme(CASE WHEN slot IS NULL THEN 'Tenant=' || t ELSE 'Slot=' || t || '/' || slot END)::tsquery AS own, place
      FROM unnest(slots) WITH ORDINALITY AS s (slot, place), unnest(current_tenants()) AS t) AS each;
  FOR step IN 1 .. least(coalesce(cardinality(queries), 0), CASE WHEN by_update THEN 1 END) LOOP
    RETURN QUERY
      WITH matched AS MATERIALIZED (
        SELECT i.tenant_id, i.incident_id, i.created_at, i.updated_at FROM incidents i
         WHERE i.words @@ ANY ((SELECT CASE WHEN by_update THEN queries ELSE queries[step:step] END)::tsquery[])
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
    found_so_far := found_so_far + found_now;
    EXIT WHEN found_so_far >= most;
  END LOOP;
END $$;

CREATE UNIQUE INDEX incidents_by_id ON incidents (tenant_id, incident_id) INCLUDE (created_at, updated_at);
ALTER TABLE incidents DROP CONSTRAINT incidents_pkey;
ALTER TABLE incidents ADD CONSTRAINT incidents_pkey PRIMARY KEY USING INDEX incidents_by_id;

-- down
ALTER TABLE incidents DROP CONSTRAINT incidents_pkey;
ALTER TABLE incidents ADD CONSTRAINT incidents_pkey PRIMARY KEY (tenant_id, incident_id);
CREATE OR REPLACE FUNCTION search_incidents(
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
