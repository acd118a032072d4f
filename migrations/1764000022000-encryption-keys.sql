-- Which keys the stored secrets were sealed with, so that no server starts that could not open them.

-- up
CREATE TABLE encryption_keys (
  key_id text PRIMARY KEY,
  first_used timestamptz NOT NULL DEFAULT now()
);

-- down
DROP TABLE encryption_keys;
