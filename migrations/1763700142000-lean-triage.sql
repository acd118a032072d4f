-- Of a triage only what was decided is kept.

-- up
/* The category names the agents; the summary is the incident's own words, which never change, with the decision. */
ALTER TABLE triages DROP COLUMN summary, DROP COLUMN suggested_agents;

-- down
ALTER TABLE triages ADD COLUMN summary text NOT NULL DEFAULT '', ADD COLUMN suggested_agents jsonb NOT NULL DEFAULT '[]';
ALTER TABLE triages ALTER COLUMN summary DROP DEFAULT, ALTER COLUMN suggested_agents DROP DEFAULT;
