-- Patterns learned from resolved incidents, how they are found again, and what people say about them.

-- up
CREATE TABLE patterns (
  tenant_id text COLLATE "C" NOT NULL,
  pattern_id text COLLATE "C" NOT NULL,
  title text NOT NULL,
  summary text NOT NULL,
  service text,
  symptoms jsonb NOT NULL,
  root_cause text NOT NULL,
  fix jsonb,
  runbook_url text,
  confidence double precision NOT NULL,
  occurrences integer NOT NULL,
  confirmations integer NOT NULL,
  status text NOT NULL,
  alert_title text NOT NULL,
  alert_description text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  last_seen_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, pattern_id)
);
CREATE INDEX patterns_by_status ON patterns (tenant_id, status, pattern_id);
SELECT isolate_by_tenant('patterns');

/*
 * The words a pattern is found by, and the service it speaks of; empty for none. A plain index and not GIN, because
 * equality is leakproof: row-level security lets it use the index.
 */
CREATE TABLE pattern_words (
  tenant_id text COLLATE "C" NOT NULL,
  word text COLLATE "C" NOT NULL,
  pattern_id text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, word, pattern_id)
);
CREATE INDEX pattern_words_by_service ON pattern_words (tenant_id, word, service, pattern_id);
SELECT isolate_by_tenant('pattern_words');

/* Which incident showed which pattern: an incident counts once, however often it is resolved. */
CREATE TABLE pattern_sightings (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  pattern_id text COLLATE "C" NOT NULL,
  seen_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, incident_id)
);
SELECT isolate_by_tenant('pattern_sightings');

CREATE TABLE pattern_feedback (
  tenant_id text COLLATE "C" NOT NULL,
  place bigint GENERATED ALWAYS AS IDENTITY,
  incident_id text COLLATE "C" NOT NULL,
  pattern_id text COLLATE "C",
  type text NOT NULL,
  comment text,
  given_by text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, place)
);
CREATE INDEX pattern_feedback_by_incident ON pattern_feedback (tenant_id, incident_id, place);
SELECT isolate_by_tenant('pattern_feedback');

-- down
DROP TABLE pattern_feedback;
DROP TABLE pattern_sightings;
DROP TABLE pattern_words;
DROP TABLE patterns;
