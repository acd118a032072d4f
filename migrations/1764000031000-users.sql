-- People, and the sessions in which they are signed in.

-- up
CREATE TABLE users (
  tenant_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  email text NOT NULL,
  email_key text COLLATE "C" NOT NULL,
  name text,
  role text NOT NULL,
  password_hash text,
  external_subject text COLLATE "C",
  credentials integer NOT NULL DEFAULT 1,
  credentials_changed_at timestamptz(3),
  invitation_hash text,
  invitation_expires_at timestamptz(3),
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  deleted_at timestamptz(3),
  PRIMARY KEY (tenant_id, user_id)
);
/* Not led by the tenant: whoever signs in says an address and no tenant, so it must name one person everywhere. */
CREATE UNIQUE INDEX users_by_email ON users (email_key) WHERE deleted_at IS NULL;
/* Of the deleted, too: whom an admin removed here must not come back in by the next token of the identity provider. */
CREATE UNIQUE INDEX users_by_subject ON users (tenant_id, external_subject) WHERE external_subject IS NOT NULL;
CREATE INDEX users_admins ON users (tenant_id, user_id) WHERE role = 'admin' AND deleted_at IS NULL;
SELECT isolate_by_tenant('users', true);

/* Who signs in with an address: asked before the tenant is known. */
CREATE FUNCTION find_sign_in(sought text) RETURNS TABLE (tenant_id text, user_id text, password_hash text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT u.tenant_id, u.user_id, u.password_hash FROM users u WHERE u.email_key = sought AND u.deleted_at IS NULL
$$;
REVOKE EXECUTE ON FUNCTION find_sign_in(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_sign_in(text) TO causeflow_app;

CREATE TABLE sessions (
  tenant_id text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  secret_hash text NOT NULL,
  credentials integer NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  PRIMARY KEY (tenant_id, session_id)
);
CREATE INDEX sessions_by_age ON sessions (expires_at);
SELECT isolate_by_tenant('sessions');
SELECT purge_after('sessions', 'expires_at', '0 days');

/*
 * Failures to sign in, by address of mail and of client. Neither belongs to a tenant, both are kept as hashes, and a
 * crash may forget them.
 */
CREATE UNLOGGED TABLE sign_in_failures (
  subject_hash text COLLATE "C" NOT NULL,
  failed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sign_in_failures_by_subject ON sign_in_failures (subject_hash, failed_at);
CREATE INDEX sign_in_failures_by_age ON sign_in_failures (failed_at);
GRANT SELECT, INSERT ON sign_in_failures TO causeflow_app;
SELECT purge_after('sign_in_failures', 'failed_at', '1 hour');

-- down
DELETE FROM purges WHERE table_name IN ('sign_in_failures', 'sessions');
DROP TABLE sign_in_failures;
DROP TABLE sessions;
DROP FUNCTION find_sign_in(text);
DROP TABLE users;
