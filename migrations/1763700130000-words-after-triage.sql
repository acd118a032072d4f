-- An incident's words go into their index once triage has it, not while its sender waits.

-- up
/* So that what has no words yet is matched by the very same rule. */
CREATE FUNCTION words_of(title text, description text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT to_tsvector('simple', title || ' ' || description) $$;
REVOKE EXECUTE ON FUNCTION words_of(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION words_of(text, text) TO causeflow_app;

/*
 * What is still to be triaged is few, and the index of statuses finds it. Triage, moments later, writes the row anew and
 * all of its index entries with it, so that until now each incident's words went into their index twice at once.
 */
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector GENERATED ALWAYS AS (CASE WHEN status <> 'triaging' THEN
  words_of(title, description) || array_to_tsvector(array_remove(ARRAY[
    'Tenant=' || tenant_id, 'Slot=' || tenant_id || '/' || substr(incident_id, 5, 4), 'Status=' || status,
    'Severity=' || severity, 'Service=' || service, 'Environment=' || environment, 'Source=' || source], NULL)) END) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words) WITH (gin_pending_list_limit = 256)
  WHERE words IS NOT NULL;

-- down
ALTER TABLE incidents DROP COLUMN words;
ALTER TABLE incidents ADD COLUMN words tsvector GENERATED ALWAYS AS (
  to_tsvector('simple', title || ' ' || description) || array_to_tsvector(array_remove(ARRAY[
    'Tenant=' || tenant_id, 'Slot=' || tenant_id || '/' || substr(incident_id, 5, 4), 'Status=' || status,
    'Severity=' || severity, 'Service=' || service, 'Environment=' || environment, 'Source=' || source], NULL))) STORED;
CREATE INDEX incidents_by_words ON incidents USING gin (words) WITH (gin_pending_list_limit = 256);
DROP FUNCTION words_of(text, text);
