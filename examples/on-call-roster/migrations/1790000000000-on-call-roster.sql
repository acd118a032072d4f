-- Who looks after a service, and who had to look at an incident.

-- up
CREATE TABLE on_call_rosters (
  tenant_id text COLLATE "C" NOT NULL,
  service text COLLATE "C" NOT NULL,
  people jsonb NOT NULL,
  turn integer NOT NULL,
  PRIMARY KEY (tenant_id, service)
);
SELECT isolate_by_tenant('on_call_rosters');

CREATE TABLE on_call_assignments (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  assignment_id text COLLATE "C" NOT NULL,
  service text NOT NULL,
  person text NOT NULL,
  assigned_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, incident_id)
);
SELECT isolate_by_tenant('on_call_assignments');

-- down
DROP TABLE on_call_assignments;
DROP TABLE on_call_rosters;
