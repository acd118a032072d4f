-- Months of the event log come and go without a lock that stops writers.

-- up
/*
 * Makes the month of a moment unless it is there. A table beside the log that is attached to it, and not
 * `CREATE TABLE … PARTITION OF`, which would wait for all writers and hold up those that come after.
 */
CREATE FUNCTION make_event_month(moment timestamptz) RETURNS void
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
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

/* Makes the partitions of this month, the one before and the next three. Run at start and daily. */
CREATE OR REPLACE FUNCTION ensure_event_partitions() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  FOR i IN -1..3 LOOP
    PERFORM make_event_month((now() AT TIME ZONE 'UTC' + make_interval(months => i)) AT TIME ZONE 'UTC');
  END LOOP;
END $$;

/*
 * Reads its JSON once, as rows, instead of once for each field of each event; and a clock that jumped further than months
 * were made ahead finds its month made in passing.
 */
CREATE OR REPLACE FUNCTION append_events(batch json) RETURNS bigint
  LANGUAGE plpgsql AS $$
DECLARE
  appended bigint;
BEGIN
  IF to_regclass('public.events_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY_MM')) IS NULL THEN
    PERFORM ensure_event_partitions();
  END IF;
  WITH incoming AS MATERIALIZED (
    SELECT * FROM ROWS FROM (json_to_recordset(batch) AS (
        "tenantId" text, id text, type text, data json, "incidentId" text, actor text, "correlationId" text))
      WITH ORDINALITY AS e (tenant_id, id, type, data, incident_id, actor, correlation_id, place)
  ), taken AS (
    INSERT INTO event_stream AS s (tenant_id, seq)
    SELECT tenant_id, count(*) FROM incoming GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = s.seq + excluded.seq
    RETURNING s.tenant_id, s.seq
  )
  INSERT INTO events (tenant_id, seq, id, type, data, incident_id, actor, correlation_id, occurred_at)
  SELECT i.tenant_id,
         t.seq + 1 - row_number() OVER (PARTITION BY i.tenant_id ORDER BY i.place DESC),
         i.id, i.type, i.data, i.incident_id, i.actor, i.correlation_id, clock_timestamp()
    FROM incoming i JOIN taken t USING (tenant_id)
   ORDER BY i.place;
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END $$;

/* Months are now let go of by src/kernel/events/event-months.ts, since a function cannot detach concurrently. */
DROP FUNCTION drop_events_before(timestamptz);

REVOKE EXECUTE ON FUNCTION make_event_month(timestamptz) FROM PUBLIC;

-- down
CREATE OR REPLACE FUNCTION ensure_event_partitions() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  month timestamptz;
  part text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('causeflow.partitions'));
  FOR i IN -1..2 LOOP
    month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(months => i);
    part := 'events_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
    IF to_regclass(part) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
        part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
    END IF;
  END LOOP;
END $$;
CREATE OR REPLACE FUNCTION append_events(batch json) RETURNS bigint
  LANGUAGE plpgsql AS $$
DECLARE
  appended bigint;
BEGIN
  WITH incoming AS MATERIALIZED (
    SELECT e->>'tenantId' AS tenant_id, e->>'id' AS id, e->>'type' AS type, e->'data' AS data,
           e->>'incidentId' AS incident_id, e->>'actor' AS actor, e->>'correlationId' AS correlation_id, place
      FROM json_array_elements(batch) WITH ORDINALITY AS b(e, place)
  ), taken AS (
    INSERT INTO event_stream AS s (tenant_id, seq)
    SELECT tenant_id, count(*) FROM incoming GROUP BY tenant_id ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET seq = s.seq + excluded.seq
    RETURNING s.tenant_id, s.seq
  )
  INSERT INTO events (tenant_id, seq, id, type, data, incident_id, actor, correlation_id, occurred_at)
  SELECT i.tenant_id,
         t.seq + 1 - row_number() OVER (PARTITION BY i.tenant_id ORDER BY i.place DESC),
         i.id, i.type, i.data, i.incident_id, i.actor, i.correlation_id, clock_timestamp()
    FROM incoming i JOIN taken t USING (tenant_id)
   ORDER BY i.place;
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END $$;
DROP FUNCTION make_event_month(timestamptz);
CREATE FUNCTION drop_events_before(moment timestamptz) RETURNS void
  LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
  part name;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('causeflow.partitions'));
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'events'::regclass
       AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= moment
  LOOP
    EXECUTE format('DROP TABLE %I', part);
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION drop_events_before(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_events_before(timestamptz) TO causeflow_app;
