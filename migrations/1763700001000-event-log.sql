-- The event log: outbox, replay source and timeline in one. See docs/adr/0001-event-log-order.md.

-- up
/* One row a tenant: the last place given out in its log, and how far the relay has handed it on. */
CREATE TABLE event_stream (
  tenant_id text COLLATE "C" PRIMARY KEY,
  seq bigint NOT NULL DEFAULT 0,
  relayed bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX event_stream_behind ON event_stream (tenant_id) WHERE seq > relayed;
SELECT isolate_by_tenant('event_stream', true);

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
  PRIMARY KEY (tenant_id, seq, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX events_by_id ON events (tenant_id, id);
CREATE INDEX events_by_incident ON events (tenant_id, incident_id, seq) WHERE incident_id IS NOT NULL;
SELECT isolate_by_tenant('events');

/* Makes the partitions of this month and the next two. Run at start and daily. */
CREATE FUNCTION ensure_event_partitions() RETURNS void
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
SELECT ensure_event_partitions();

/*
 * Appends events to their tenants' logs. It must be the last statement before COMMIT: the counter's row lock is then
 * held until the commit, so the order of `seq` is the order of the commits, without gaps.
 * Counters are taken in the order of the tenant ids, so that two batches cannot wait for each other.
 * batch: [{tenantId, id, type, data, incidentId, actor, correlationId}], each tenant's events oldest first.
 */
CREATE FUNCTION append_events(batch json) RETURNS bigint
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

/* Marks what a handler has already done for an event, in the transaction of the effect. */
CREATE TABLE handled_events (
  tenant_id text COLLATE "C" NOT NULL,
  handler text NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  handled_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, handler, event_id)
);
CREATE INDEX handled_events_by_age ON handled_events (handled_at);
SELECT isolate_by_tenant('handled_events');

/*
 * Tenants whose log is ahead of the relay, each claimed for this transaction. An advisory lock and not a row lock,
 * because appenders need the row while handlers run.
 */
CREATE FUNCTION claim_streams_behind(most integer) RETURNS TABLE (tenant_id text, relayed bigint, seq bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  candidate text;
  claimed integer := 0;
BEGIN
  FOR candidate IN SELECT s.tenant_id FROM event_stream s WHERE s.seq > s.relayed ORDER BY random() LIMIT most * 4 LOOP
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('causeflow.relay:' || candidate, 0));
    RETURN QUERY SELECT s.tenant_id, s.relayed, s.seq FROM event_stream s WHERE s.tenant_id = candidate AND s.seq > s.relayed;
    claimed := claimed + 1;
    EXIT WHEN claimed >= most;
  END LOOP;
END $$;

REVOKE EXECUTE ON FUNCTION claim_streams_behind(integer), ensure_event_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_streams_behind(integer), ensure_event_partitions() TO causeflow_app;

-- down
DROP FUNCTION claim_streams_behind(integer);
DROP TABLE handled_events;
DROP FUNCTION append_events(json);
DROP FUNCTION ensure_event_partitions();
DROP TABLE events;
DROP TABLE event_stream;
