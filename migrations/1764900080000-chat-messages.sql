-- Messages to a chat wait in a table, in their order, and the thread about each incident is known. See docs/adr/0019-chat.md.

-- up
/* A message is deleted when it is sent or given up. */
CREATE TABLE chat_messages (
  tenant_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  place bigint GENERATED ALWAYS AS IDENTITY,
  incident_id text COLLATE "C",
  /* Not jsonb, which would change the order of the fields. */
  occasion json NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  failure text,
  not_before timestamptz(3),
  PRIMARY KEY (tenant_id, integration_id, place)
);
SELECT isolate_by_tenant('chat_messages');

CREATE TABLE chat_threads (
  tenant_id text COLLATE "C" NOT NULL,
  incident_id text COLLATE "C" NOT NULL,
  integration_id text COLLATE "C" NOT NULL,
  thread text NOT NULL,
  PRIMARY KEY (tenant_id, incident_id, integration_id)
);
SELECT isolate_by_tenant('chat_threads');

/* Until when its messages wait; how many were given up since it was last tested with success, and what became of the last. */
ALTER TABLE integrations ADD COLUMN held_until timestamptz(3),
  ADD COLUMN lost_messages integer NOT NULL DEFAULT 0, ADD COLUMN last_loss text;

-- down
ALTER TABLE integrations DROP COLUMN held_until, DROP COLUMN lost_messages, DROP COLUMN last_loss;
DROP TABLE chat_threads;
DROP TABLE chat_messages;
