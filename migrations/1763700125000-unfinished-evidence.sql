-- Rows of an upload that nobody finished, since its server was killed in the middle, are let go of after a day.

-- up
ALTER TABLE incident_evidence_chunks ADD COLUMN unfinished_since timestamptz;
CREATE INDEX incident_evidence_chunks_unfinished ON incident_evidence_chunks (unfinished_since)
  WHERE unfinished_since IS NOT NULL;
SELECT purge_after('incident_evidence_chunks', 'unfinished_since', '1 day');

-- down
DELETE FROM purges WHERE table_name = 'incident_evidence_chunks';
DROP POLICY purge ON incident_evidence_chunks;
ALTER TABLE incident_evidence_chunks DROP COLUMN unfinished_since;
