-- Remediation plans and every approval that was ever requested for them.

-- up
CREATE TABLE remediations (
  tenant_id text COLLATE "C" NOT NULL,
  remediation_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  investigation_id text COLLATE "C" NOT NULL,
  investigation_started_by text COLLATE "C",
  title text NOT NULL,
  status text NOT NULL,
  plan_digest text NOT NULL,
  steps jsonb NOT NULL,
  approval_id text COLLATE "C" NOT NULL,
  approval_expires_at timestamptz(3) NOT NULL,
  approvals_required integer NOT NULL,
  approvals jsonb NOT NULL DEFAULT '[]',
  execution_started_at timestamptz(3),
  executed_at timestamptz(3),
  duration_ms double precision,
  feedback jsonb NOT NULL DEFAULT '[]',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, remediation_id)
);
CREATE INDEX remediations_by_incident ON remediations (tenant_id, incident_id, remediation_id);
CREATE INDEX remediations_awaiting_approval ON remediations (tenant_id, approval_id) WHERE status = 'proposed';
SELECT isolate_by_tenant('remediations');

/* Finds the plan by any request for its approval, also by one that ran out and was replaced. */
CREATE TABLE approvals (
  tenant_id text COLLATE "C" NOT NULL,
  approval_id text COLLATE "C" NOT NULL,
  remediation_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant_id, approval_id)
);
SELECT isolate_by_tenant('approvals');

-- down
DROP TABLE approvals;
DROP TABLE remediations;
