-- What changed in the running systems: deploys, configuration, flags, schemas, infrastructure.

-- up
CREATE TABLE changes (
  tenant_id text COLLATE "C" NOT NULL,
  change_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  service text NOT NULL,
  environment text,
  version text,
  summary text NOT NULL,
  url text,
  occurred_at timestamptz(3) NOT NULL,
  recorded_by text COLLATE "C",
  recorded_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, change_id)
);
CREATE INDEX changes_by_time ON changes (tenant_id, occurred_at, change_id);
CREATE INDEX changes_by_service ON changes (tenant_id, service, occurred_at, change_id);
/* A rare type of change is found without walking over all others. */
CREATE INDEX changes_by_type ON changes (tenant_id, type, occurred_at, change_id);
SELECT isolate_by_tenant('changes');

-- down
DROP TABLE changes;
