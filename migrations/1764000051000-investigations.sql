-- Runs, and what each run read, found and concluded.

-- up
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
  /* What connected sources of evidence did not tell the run, and why. */
  unread_sources jsonb NOT NULL DEFAULT '[]',
  /* Of the call, or the event, that led to the run, and not of whatever let it begin. */
  correlation_id text,
  PRIMARY KEY (tenant_id, investigation_id)
);
CREATE INDEX investigations_by_incident ON investigations (tenant_id, incident_id, investigation_id);
/* One run at a time for an incident, whoever starts it. */
CREATE UNIQUE INDEX investigations_under_way ON investigations (tenant_id, incident_id)
  WHERE status IN ('queued', 'running');
CREATE INDEX investigations_in_line ON investigations (tenant_id, status, investigation_id)
  WHERE status IN ('queued', 'running');
SELECT isolate_by_tenant('investigations');

/* The owner, and nobody else, sees across tenants the runs that have not ended; a partial index lists just these. */
CREATE POLICY queue_figures ON investigations FOR SELECT TO CURRENT_USER USING (status IN ('queued', 'running'));

/* For /metrics: the tenants with the longest lines, at most `most` of them, as numbers. */
CREATE FUNCTION investigation_queues(most integer) RETURNS TABLE (
    tenant_id text, queued bigint, running bigint, oldest_seconds double precision)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT i.tenant_id,
         count(*) FILTER (WHERE i.status = 'queued'),
         count(*) FILTER (WHERE i.status = 'running'),
         coalesce(extract(epoch FROM now() - min(i.queued_at) FILTER (WHERE i.status = 'queued')), 0)::double precision
    FROM investigations i WHERE i.status IN ('queued', 'running')
   GROUP BY i.tenant_id ORDER BY 2 DESC, 3 DESC LIMIT most
$$;
REVOKE EXECUTE ON FUNCTION investigation_queues(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION investigation_queues(integer) TO causeflow_app;

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
  proposed_by text NOT NULL DEFAULT 'agents',
  PRIMARY KEY (tenant_id, investigation_id, hypothesis_id),
  FOREIGN KEY (tenant_id, investigation_id) REFERENCES investigations ON DELETE CASCADE,
  CONSTRAINT support_is_named CHECK (status <> 'supported' OR cardinality(supported_by) > 0),
  /* What a model proposes is never more than a question: the outcome is decided by code. */
  CONSTRAINT a_model_only_asks CHECK (proposed_by = 'agents' OR status = 'open')
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
DROP FUNCTION investigation_queues(integer);
DROP TABLE investigations;
