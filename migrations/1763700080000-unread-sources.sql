-- What connected sources of evidence did not tell a run, and why.

-- up
ALTER TABLE investigations ADD COLUMN unread_sources jsonb NOT NULL DEFAULT '[]';

-- down
ALTER TABLE investigations DROP COLUMN unread_sources;
