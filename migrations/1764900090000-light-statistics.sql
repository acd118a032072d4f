-- The tables that grow with every alert are analyzed seldom, and from few rows.

-- up
/*
 * By default a table is analyzed anew once a tenth of it is new, from 30,000 rows in as many places. In a storm that falls due for
 * alerts, triages and events at the same moment, and once they are larger than the memory each row is read from the disk:
 * for seconds no commit had its turn. How their queries are planned hardly depends on it, so a tenth of the rows, and each
 * time that a table has doubled, is enough.
 */
CREATE FUNCTION analyze_lightly(told regclass) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  /* Of the rows that vacuum has last counted. It does so often, so half of them are new once there are twice as many. */
  EXECUTE format('ALTER TABLE %s SET (autovacuum_analyze_scale_factor = 0.5)', told);
  /* 300 rows for each step of the column that asks for most. */
  EXECUTE (SELECT format('ALTER TABLE %s %s', told, string_agg(format('ALTER COLUMN %I SET STATISTICS 10', attname), ', '))
             FROM pg_attribute WHERE attrelid = told AND attnum > 0 AND NOT attisdropped);
END $$;

SELECT analyze_lightly('alerts'), analyze_lightly('triages'), analyze_lightly('incidents');
/* A month that is being let go of takes no change, and needs none. */
SELECT analyze_lightly(inhrelid) FROM pg_inherits WHERE inhparent = 'events'::regclass AND NOT inhdetachpending;

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
    PERFORM analyze_lightly(part::regclass);
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
    PERFORM vacuum_early(part::regclass);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

DO $$
DECLARE
  told regclass;
BEGIN
  FOR told IN
    SELECT unnest(ARRAY['alerts', 'triages', 'incidents']::regclass[])
    UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = 'events'::regclass AND NOT inhdetachpending
  LOOP
    EXECUTE format('ALTER TABLE %s RESET (autovacuum_analyze_scale_factor)', told);
    EXECUTE (SELECT format('ALTER TABLE %s %s', told, string_agg(format('ALTER COLUMN %I SET STATISTICS -1', attname), ', '))
               FROM pg_attribute WHERE attrelid = told AND attnum > 0 AND NOT attisdropped);
  END LOOP;
END $$;
DROP FUNCTION analyze_lightly(regclass);
