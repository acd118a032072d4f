-- The event log: outbox, replay source and timeline in one. See docs/adr/0001-event-log-order.md.

-- up
/*
 * One row a tenant: the last place given out in its log, and how far the relay has handed it on. The counters are changed in
 * place, so no index may name them: one over "seq > relayed" made each append and each step of the relay write a new entry into
 * every index of this table, and a look at a tenant's row walk over the dead ones until the next vacuum.
 */
CREATE TABLE event_stream (
  tenant_id text COLLATE "C" PRIMARY KEY,
  seq bigint NOT NULL DEFAULT 0,
  relayed bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
SELECT isolate_by_tenant('event_stream', true);

/* The id that an event is given together with its place: a ULID that tells it. See src/kernel/events/event-id.ts. */
CREATE FUNCTION event_id(made text, seq bigint) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN left(made, 14) || lpad(upper(to_hex(seq) COLLATE "C"), 11, '0') || right(made, 5);

CREATE TABLE events (
  tenant_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  data json NOT NULL,
  incident_id text COLLATE "C",
  actor text COLLATE "C",
  correlation_id text,
  occurred_at timestamptz NOT NULL,
  /* 256 places: those of one type among them share an entry of the index. */
  stretch bigint GENERATED ALWAYS AS (seq >> 8) STORED,
  PRIMARY KEY (tenant_id, seq, occurred_at)
) PARTITION BY RANGE (occurred_at);

/*
 * An index whose entries differ is half empty where each tenant's grow at their own end, so an entry takes 150 bytes; entries
 * that are the same take 6. So the log is indexed by what many events share, and the few that come with the one are sorted.
 */
CREATE INDEX events_by_incident ON events (tenant_id, incident_id) WHERE incident_id IS NOT NULL;
/* Readers of the stream that want few types of event find them without walking over all others. */
CREATE INDEX events_by_type ON events (tenant_id, type, stretch);
/* For the ids of the first days, which do not tell their place. Of others there is no entry. */
CREATE INDEX events_by_early_id ON events (tenant_id, id) WHERE id <> event_id(id, seq);
SELECT isolate_by_tenant('events');

/*
 * Makes the month of a moment unless it is there. A table beside the log that is attached to it, and not
 * `CREATE TABLE … PARTITION OF`, which would wait for all writers and hold up those that come after. Months are let go of by
 * src/kernel/events/event-months.ts, since a function cannot detach concurrently.
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
    EXECUTE format('CREATE TABLE %I (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', part);
    EXECUTE format('ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      part, month, (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
  END IF;
END $$;

/* Makes the partitions of this month, the one before and the next three. Run at start and daily. */
CREATE FUNCTION ensure_event_partitions() RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  FOR i IN -1..3 LOOP
    PERFORM make_event_month((now() AT TIME ZONE 'UTC' + make_interval(months => i)) AT TIME ZONE 'UTC');
  END LOOP;
END $$;
SELECT ensure_event_partitions();

REVOKE EXECUTE ON FUNCTION make_event_month(timestamptz), ensure_event_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_event_partitions() TO causeflow_app;

/*
 * Appends events to their tenants' logs. It must be the last statement before COMMIT: the counter's row lock is then
 * held until the commit, so the order of `seq` is the order of the commits, without gaps.
 * Counters are taken in the order of the tenant ids, so that two batches cannot wait for each other. A clock that jumped
 * further than months were made ahead finds its month made in passing.
 * batch: [{tenantId, id, type, data, incidentId, actor, correlationId}], each tenant's events oldest first.
 */
CREATE FUNCTION append_events(batch json) RETURNS bigint
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
DROP FUNCTION append_events(json);
DROP FUNCTION ensure_event_partitions();
DROP FUNCTION make_event_month(timestamptz);
DROP TABLE events;
DROP FUNCTION event_id(text, bigint);
DROP TABLE event_stream;
