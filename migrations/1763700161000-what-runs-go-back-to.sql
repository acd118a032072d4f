-- A run goes back to the call, or the event, that led to it, and not to whatever let it begin.

-- up
ALTER TABLE investigations ADD COLUMN correlation_id text;

-- down
ALTER TABLE investigations DROP COLUMN correlation_id;
