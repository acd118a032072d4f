-- Tables to which rows are only added are vacuumed a little at a time.

-- up
/*
 * Vacuum marks their pages as seen by everyone, by default once a fifth of the table is new. In a storm that is minutes of
 * pages, written before the last checkpoint, so that each of them goes into the write-ahead log as a whole. Once a hundredth
 * is new most of them have gone into it anyway. And what never changes is frozen at once, or vacuum would come back for it.
 */
CREATE FUNCTION vacuum_early(told regclass) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_insert_scale_factor = 0.01, autovacuum_freeze_min_age = 0)', told);
END $$;

SELECT vacuum_early('alerts'), vacuum_early('triages');
/* A month that is being let go of takes no change, and needs none. */
SELECT vacuum_early(inhrelid) FROM pg_inherits WHERE inhparent = 'events'::regclass AND NOT inhdetachpending;

CREATE OR REPLACE FUNCTION make_event_month(moment timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month timestamptz := date_trunc('month', moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  part text := 'events_' || to_char(moment AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(part) IS NOT NULL THEN
    RETURN;
  END IF;
  /* What attaching takes anyway. One at a time, and each sees what those before it have made. */
  LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass(part) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', part);
    PERFORM expect_large_tenants(part::regclass);
    PERFORM vacuum_early(part::regclass);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

-- down
CREATE OR REPLACE FUNCTION make_event_month(moment timestamptz) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month timestamptz := date_trunc('month', moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  part text := 'events_' || to_char(moment AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  IF to_regclass(part) IS NOT NULL THEN
    RETURN;
  END IF;
  /* What attaching takes anyway. One at a time, and each sees what those before it have made. */
  LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE;
  IF to_regclass(part) IS NULL THEN
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', part);
    PERFORM expect_large_tenants(part::regclass);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

ALTER TABLE alerts RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_freeze_min_age);
ALTER TABLE triages RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_freeze_min_age);
DO $$
DECLARE
  part regclass;
BEGIN
  FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass AND NOT inhdetachpending LOOP
    EXECUTE format('ALTER TABLE %s RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_freeze_min_age)', part);
  END LOOP;
END $$;
DROP FUNCTION vacuum_early(regclass);
