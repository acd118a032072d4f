-- Triage, runs, and what each run read, found and concluded.

-- up
CREATE TABLE triages (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  severity text NOT NULL,
  category text NOT NULL,
  summary text NOT NULL,
  confidence double precision NOT NULL,
  suggested_agents jsonb NOT NULL,
  decided_because jsonb NOT NULL,
  triaged_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, incident_id)
);
SELECT isolate_by_tenant('triages');

CREATE TABLE investigations (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  status text NOT NULL,
  trigger text NOT NULL,
  started_by text COLLATE "C",
  steps jsonb NOT NULL,
  memory json,
  onset json,
  known_solution jsonb,
  is_waiting boolean NOT NULL DEFAULT false,
  outcome text,
  root_cause text,
  confidence double precision,
  recommended_actions jsonb NOT NULL DEFAULT '[]',
  missing_evidence jsonb NOT NULL DEFAULT '[]',
  culprit jsonb,
  accepted_pattern_id text COLLATE "C",
  /* What the decision rested on and the version of the policy that made it: enough to make it again. */
  outcome_inputs json,
  outcome_policy text,
  failure text,
  queued_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  ended_at timestamptz(3),
  PRIMARY KEY (tenant_id, investigation_id)
);
CREATE INDEX investigations_by_incident ON investigations (tenant_id, incident_id, investigation_id);
/* One run at a time for an incident, whoever starts it. */
CREATE UNIQUE INDEX investigations_under_way ON investigations (tenant_id, incident_id)
  WHERE status IN ('queued', 'running');
CREATE INDEX investigations_in_line ON investigations (tenant_id, status, investigation_id)
  WHERE status IN ('queued', 'running');
SELECT isolate_by_tenant('investigations');

/* What a run read. Rows that lie elsewhere (attached tables) are not copied, only named and hashed. */
CREATE TABLE investigation_evidence (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  evidence_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  agent_name text NOT NULL,
  summary text NOT NULL,
  observed_at timestamptz(3) NOT NULL,
  query text,
  content text NOT NULL,
  content_hash text NOT NULL,
  origin text NOT NULL,
  rows json,
  PRIMARY KEY (tenant_id, investigation_id, evidence_id),
  FOREIGN KEY (tenant_id, investigation_id) REFERENCES investigations ON DELETE CASCADE
);
SELECT isolate_by_tenant('investigation_evidence');

CREATE TABLE findings (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  step_index integer NOT NULL,
  place integer NOT NULL,
  facts json NOT NULL,
  PRIMARY KEY (tenant_id, investigation_id, step_index, place),
  FOREIGN KEY (tenant_id, investigation_id) REFERENCES investigations ON DELETE CASCADE
);
SELECT isolate_by_tenant('findings');

CREATE TABLE finding_citations (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  step_index integer NOT NULL,
  place integer NOT NULL,
  evidence_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, investigation_id, step_index, place, evidence_id),
  FOREIGN KEY (tenant_id, investigation_id, step_index, place) REFERENCES findings ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, investigation_id, evidence_id) REFERENCES investigation_evidence
);
SELECT isolate_by_tenant('finding_citations');

/* A finding that cites nothing its run has read cannot be committed. */
CREATE FUNCTION require_citation() RETURNS trigger
  LANGUAGE plpgsql AS $$
DECLARE
  touched record := coalesce(NEW, OLD);
BEGIN
  IF EXISTS (
    SELECT FROM findings f
     WHERE (f.tenant_id, f.investigation_id, f.step_index, f.place)
         = (touched.tenant_id, touched.investigation_id, touched.step_index, touched.place)
       AND NOT EXISTS (
         SELECT FROM finding_citations c
          WHERE (c.tenant_id, c.investigation_id, c.step_index, c.place)
              = (f.tenant_id, f.investigation_id, f.step_index, f.place))
  ) THEN
    RAISE check_violation USING MESSAGE = 'A finding must cite evidence of its run.', CONSTRAINT = 'finding_cites_evidence';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER finding_cites_evidence AFTER INSERT ON findings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_citation();
CREATE CONSTRAINT TRIGGER finding_cites_evidence AFTER UPDATE OR DELETE ON finding_citations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_citation();

CREATE TABLE hypotheses (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  hypothesis_id text COLLATE "C" NOT NULL,
  place integer NOT NULL,
  statement text NOT NULL,
  score double precision NOT NULL,
  status text NOT NULL,
  supported_by text[] NOT NULL,
  contradicted_by text[] NOT NULL,
  because text,
  PRIMARY KEY (tenant_id, investigation_id, hypothesis_id),
  FOREIGN KEY (tenant_id, investigation_id) REFERENCES investigations ON DELETE CASCADE,
  CONSTRAINT support_is_named CHECK (status <> 'supported' OR cardinality(supported_by) > 0)
);
SELECT isolate_by_tenant('hypotheses');

/* What people add in words; every later run of the incident reads it. */
CREATE TABLE context_notes (
  tenant_id text COLLATE "C" NOT NULL,
  note_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  context text NOT NULL,
  added_by text COLLATE "C" NOT NULL,
  added_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, note_id)
);
CREATE INDEX context_notes_by_incident ON context_notes (tenant_id, incident_id, note_id);
SELECT isolate_by_tenant('context_notes');

CREATE TABLE investigation_feedback (
  tenant_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  rating integer NOT NULL,
  root_cause_accurate boolean NOT NULL,
  corrected_root_cause text,
  comment text,
  given_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, investigation_id, user_id),
  FOREIGN KEY (tenant_id, investigation_id) REFERENCES investigations ON DELETE CASCADE
);
SELECT isolate_by_tenant('investigation_feedback');

-- down
DROP TABLE investigation_feedback;
DROP TABLE context_notes;
DROP TABLE hypotheses;
DROP TABLE finding_citations;
DROP TABLE findings;
DROP FUNCTION require_citation();
DROP TABLE investigation_evidence;
DROP TABLE investigations;
DROP TABLE triages;
