-- Readers of the stream that want few types of event find them without walking over all others.

-- up
CREATE INDEX events_by_type ON events (tenant_id, type, seq);

-- down
DROP INDEX events_by_type;
