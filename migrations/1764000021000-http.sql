-- What the HTTP boundary keeps: shared call counts and the answers of idempotent requests.

-- up
/* Unlogged: after a crash the counts start anew, which is better than writing every lease to disk twice. */
CREATE UNLOGGED TABLE rate_windows (
  bucket text COLLATE "C" NOT NULL,
  minute bigint NOT NULL,
  taken bigint NOT NULL,
  PRIMARY KEY (bucket, minute)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_windows TO causeflow_app;

CREATE TABLE idempotent_requests (
  tenant_id text COLLATE "C" NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  body_hash text NOT NULL,
  status integer,
  answer json,
  location text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, route, key)
);
CREATE INDEX idempotent_requests_by_age ON idempotent_requests (created_at);
SELECT isolate_by_tenant('idempotent_requests');
SELECT purge_after('idempotent_requests', 'created_at', '24 hours');

-- down
DELETE FROM purges WHERE table_name = 'idempotent_requests';
DROP TABLE idempotent_requests;
DROP TABLE rate_windows;
