-- A rare type of change is found without walking over all others.

-- up
CREATE INDEX changes_by_type ON changes (tenant_id, type, occurred_at, change_id);

-- down
DROP INDEX changes_by_type;
