-- Of the log's four indexes one is left that has an entry of its own for each event.

-- up
/*
 * An index whose entries differ is half empty where each tenant's grow at their own end, so an entry takes 150 bytes; entries
 * that are the same take 6. So the log is indexed by what many events share, and the few that come with the one are sorted.
 */

/* The id that an event is given together with its place: a ULID that tells it. See src/kernel/events/event-id.ts. */
CREATE FUNCTION event_id(made text, seq bigint) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN left(made, 14) || lpad(upper(to_hex(seq) COLLATE "C"), 11, '0') || right(made, 5);

/* Ids of before do not tell the place. Of others there is no entry. */
DROP INDEX events_by_id;
CREATE INDEX events_by_early_id ON events (tenant_id, id) WHERE id <> event_id(id, seq);

DROP INDEX events_by_incident;
CREATE INDEX events_by_incident ON events (tenant_id, incident_id) WHERE incident_id IS NOT NULL;

/* 256 places: those of one type among them share an entry. */
ALTER TABLE events ADD COLUMN stretch bigint GENERATED ALWAYS AS (seq >> 8) STORED;
DROP INDEX events_by_type;
CREATE INDEX events_by_type ON events (tenant_id, type, stretch);

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
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

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
  ), placed AS (
    SELECT i.*, t.seq + 1 - row_number() OVER (PARTITION BY i.tenant_id ORDER BY i.place DESC) AS seq
      FROM incoming i JOIN taken t USING (tenant_id)
  )
  INSERT INTO events (tenant_id, seq, id, type, data, incident_id, actor, correlation_id, occurred_at)
  SELECT tenant_id, seq, event_id(id, seq), type, data, incident_id, actor, correlation_id, clock_timestamp()
    FROM placed ORDER BY place;
  GET DIAGNOSTICS appended = ROW_COUNT;
  RETURN appended;
END $$;

-- down
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
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;
DROP INDEX events_by_type;
ALTER TABLE events DROP COLUMN stretch;
CREATE INDEX events_by_type ON events (tenant_id, type, seq);
DROP INDEX events_by_incident;
CREATE INDEX events_by_incident ON events (tenant_id, incident_id, seq) WHERE incident_id IS NOT NULL;
DROP INDEX events_by_early_id;
CREATE INDEX events_by_id ON events (tenant_id, id);
DROP FUNCTION event_id(text, bigint);
