-- Single-use tickets with which a browser opens its event stream.

-- up
/* A ticket that was spent is gone; the hash is all that is kept of it before. */
CREATE TABLE stream_tickets (
  tenant_id text COLLATE "C" NOT NULL,
  ticket_hash text COLLATE "C" NOT NULL,
  holder json NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, ticket_hash)
);
CREATE INDEX stream_tickets_by_age ON stream_tickets (tenant_id, expires_at);
SELECT isolate_by_tenant('stream_tickets');

-- down
DROP TABLE stream_tickets;
