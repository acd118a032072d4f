-- What people and tools attach to an incident. Rows are kept in chunks, so that neither end holds a whole upload.

-- up
CREATE TABLE incident_evidence (
  tenant_id text COLLATE "C" NOT NULL,
  evidence_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  started_at timestamptz(3),
  ended_at timestamptz(3),
  accepted integer NOT NULL,
  rejected integer NOT NULL,
  attached_by text,
  attached_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, evidence_id)
);
CREATE INDEX incident_evidence_by_incident ON incident_evidence (tenant_id, incident_id, evidence_id);
SELECT isolate_by_tenant('incident_evidence');

CREATE TABLE incident_evidence_chunks (
  tenant_id text COLLATE "C" NOT NULL,
  evidence_id text COLLATE "C" NOT NULL,
  chunk integer NOT NULL,
  content json NOT NULL,
  /* Rows of an upload that nobody finished, since its server was killed in the middle, are let go of after a day. */
  unfinished_since timestamptz,
  PRIMARY KEY (tenant_id, evidence_id, chunk)
);
CREATE INDEX incident_evidence_chunks_unfinished ON incident_evidence_chunks (unfinished_since)
  WHERE unfinished_since IS NOT NULL;
SELECT isolate_by_tenant('incident_evidence_chunks');
SELECT purge_after('incident_evidence_chunks', 'unfinished_since', '1 day');

-- down
DELETE FROM purges WHERE table_name = 'incident_evidence_chunks';
DROP TABLE incident_evidence_chunks;
DROP TABLE incident_evidence;
