-- Tools that tenants connected. The credentials are sealed (kernel/crypto) before they come here.

-- up
CREATE TABLE integrations (
  tenant_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  provider text NOT NULL,
  label text NOT NULL,
  status text NOT NULL,
  config jsonb NOT NULL,
  sealed_credentials text NOT NULL,
  connected_by text NOT NULL,
  connected_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, integration_id)
);
SELECT isolate_by_tenant('integrations');

-- down
DROP TABLE integrations;
