-- Triggers: upon which event, under which condition, to do what.

-- up
CREATE TABLE triggers (
  tenant_id text COLLATE "C" NOT NULL,
  trigger_id text COLLATE "C" NOT NULL,
  name text NOT NULL,
  listens_to jsonb NOT NULL,
  condition text,
  action text NOT NULL,
  action_config jsonb NOT NULL,
  enabled boolean NOT NULL,
  listens_after bigint NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, trigger_id)
);
/* Asked for with every batch of a tenant's events, mostly to find nothing. */
CREATE INDEX triggers_enabled ON triggers (tenant_id, trigger_id) WHERE enabled;
SELECT isolate_by_tenant('triggers');

-- down
DROP TABLE triggers;
