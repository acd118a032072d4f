-- Incidents, and how they are found by their words.

-- up
/* So that what has no words in the index yet is matched by the very same rule. */
CREATE FUNCTION words_of(title text, description text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT to_tsvector('simple', title || ' ' || description) $$;

/* A slot of time is twelve days, as the first four characters of the time in an id tell them; this tells them of any moment. */
CREATE FUNCTION slot_of(moment timestamptz) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT ((extract(epoch FROM moment - timestamptz '1970-01-01 00:00:00+00') * 1000)::bigint >> 30)::text $$;

CREATE TABLE incidents (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  severity text NOT NULL,
  status text NOT NULL,
  source text NOT NULL,
  provider text,
  source_alert_id text,
  service text,
  environment text,
  tags jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  root_cause text,
  confidence double precision,
  recommended_actions jsonb NOT NULL DEFAULT '[]',
  alert_count integer NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  resolved_at timestamptz(3),
  /*
   * Beside the words lexemes that no text has, since those of texts are lower case: whose it is, whose it is and of which
   * slots of time (made, and updated), and what lists filter by. So the index itself leaves other tenants' rows and other times
   * aside, however common the words.
   * NULL while triage has not had it: what is still to be triaged is few, and the index of statuses finds it. Triage,
   * moments later, writes the row anew and all of its index entries with it, and words would go into their index twice.
   */
  words tsvector GENERATED ALWAYS AS (CASE WHEN status <> 'triaging' THEN
    words_of(title, description) || array_to_tsvector(array_remove(ARRAY[
      'Tenant=' || tenant_id, 'Slot=' || tenant_id || '/' || substr(incident_id, 5, 4),
      'Updated=' || tenant_id || '/' || slot_of(updated_at), 'Status=' || status,
      'Severity=' || severity, 'Service=' || service, 'Environment=' || environment, 'Source=' || source], NULL)) END) STORED,
  /* The first digits of an id tell the second in which it was made. */
  second text COLLATE "C" GENERATED ALWAYS AS (left(incident_id, 12)) STORED,
  /* With the times, so that lists by time read them from the key alone. */
  PRIMARY KEY (tenant_id, incident_id) INCLUDE (created_at, updated_at)
);
/*
 * By the second: an entry of its own takes 100 to 170 bytes, in an index whose pages each tenant leaves half empty; one more
 * place in an entry that those of one second share takes 6, and the few of a second are sorted.
 */
CREATE INDEX incidents_by_status ON incidents (tenant_id, status, second);
CREATE INDEX incidents_by_service ON incidents (tenant_id, service, second) WHERE service IS NOT NULL;
CREATE INDEX incidents_by_update ON incidents (tenant_id, updated_at, incident_id);
/*
 * What is inserted waits in a list, and whoever makes the list too long sorts it into the index while his own commit
 * waits: with the default of 4 MB that is some 4,000 alerts and 30 to 80 ms, with 256 kB some 300 and 2 ms, at the same
 * cost an alert. Searches read through the list, too.
 */
CREATE INDEX incidents_by_words ON incidents USING gin (words) WITH (gin_pending_list_limit = 256)
  WHERE words IS NOT NULL;
SELECT isolate_by_tenant('incidents', true);

CREATE FUNCTION quote_lexeme(lexeme text) RETURNS text
  LANGUAGE sql IMMUTABLE
  AS $$ SELECT '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''' $$;

/*
 * The first `most` of the tenant's incidents that have these facets and words, in the order of a list, after a place in
 * it. For what is rare: every match is looked at, in the slots given, one after the other until there are enough, or in all of
 * them at once. A slot is its lexeme, of when incidents were made or updated, or the tenant's own for all of her time. It
 * can answer an incident twice.
 * Each slot is a question of its own, and whose it is stands apart from what is asked for: of conditions that stand apart
 * the index lets one leap ahead to where the other goes on; within one it goes through all that has the rarest lexeme. The
 * one that leads is the one that leaves most aside: a slot, and what is asked for before all of a tenant's time.
 * The operators of full text are not leakproof, so row-level security would keep their index from being used; this
 * function reads the tenant from the session itself and answers ids alone, so whoever names another tenant's lexemes finds
 * nothing. The queries are a subquery, and a table is not read whole, so that the planner takes the index whatever it guesses
 * from the words of all tenants.
 */
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

REVOKE EXECUTE ON FUNCTION words_of(text, text), slot_of(timestamptz), quote_lexeme(text), search_incidents(
  text, text[], text[], boolean, timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION words_of(text, text), slot_of(timestamptz), search_incidents(
  text, text[], text[], boolean, timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer) TO causeflow_app;

-- down
DROP FUNCTION search_incidents(
  text, text[], text[], boolean, timestamptz, timestamptz, boolean, boolean, timestamptz, text, integer);
DROP FUNCTION quote_lexeme(text);
DROP TABLE incidents;
DROP FUNCTION slot_of(timestamptz);
DROP FUNCTION words_of(text, text);
