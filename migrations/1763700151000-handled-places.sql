-- What was done about events is remembered as places in the log, instead of as one row for each event. See docs/adr/0014-once.md.

-- up
/* What a handler failed on and is still to be told of again. */
CREATE TABLE owed_events (
  tenant_id text COLLATE "C" NOT NULL,
  handler text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (tenant_id, handler, seq)
);

/* The places in a tenant's log for which an effect is there, or will never be. No index names what changes at each of them. */
CREATE TABLE handled_places (
  tenant_id text COLLATE "C" NOT NULL,
  effect text COLLATE "C" NOT NULL,
  places int8multirange NOT NULL,
  PRIMARY KEY (tenant_id, effect)
) WITH (fillfactor = 50);

/*
 * Takes over what a relay may still tell again: what it has not passed yet, and what jobs are to tell. The wall is lowered for
 * the owner, who reads all tenants here.
 */
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event_stream NO FORCE ROW LEVEL SECURITY;
ALTER TABLE handled_events NO FORCE ROW LEVEL SECURITY;
INSERT INTO owed_events (tenant_id, handler, seq)
SELECT payload->>'tenantId', payload->'payload'->>'handler', (payload->'payload'->>'seq')::bigint
  FROM graphile_worker._private_jobs j JOIN graphile_worker._private_tasks t ON t.id = j.task_id
 WHERE t.identifier = 'redeliver-event'
ON CONFLICT DO NOTHING;
INSERT INTO handled_places (tenant_id, effect, places)
SELECT tenant_id, handler, range_agg(int8range(seq, seq, '[]'))
  FROM (SELECT e.tenant_id, e.seq, e.id AS event_id FROM events e JOIN event_stream s USING (tenant_id) WHERE e.seq > s.relayed
        UNION SELECT e.tenant_id, e.seq, e.id FROM events e JOIN owed_events USING (tenant_id, seq)) AS due
  JOIN handled_events USING (tenant_id, event_id)
 GROUP BY tenant_id, handler;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE event_stream FORCE ROW LEVEL SECURITY;
DELETE FROM purges WHERE table_name = 'handled_events';
DROP TABLE handled_events;
SELECT isolate_by_tenant('owed_events');
SELECT isolate_by_tenant('handled_places');

/*
 * Marks places as handled in the transaction of the effect, and answers those that were not before. Of two that ask for the
 * same effect, one waits for the other's end.
 * `told` are the places of some events of which `told_to` is being told, and what lies between them that does not concern
 * it. What the relay has passed is closed in passing: it was handled, or did not concern the handler, or is owed to it. So a row
 * holds a handful of ranges, however long the log is.
 */
CREATE FUNCTION mark_handled(of_tenant text, of_effect text, told_to text, told int8multirange, seqs bigint[])
  RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  fresh int8multirange;
BEGIN
  INSERT INTO handled_places (tenant_id, effect, places) VALUES (of_tenant, of_effect, '{}') ON CONFLICT DO NOTHING;
  SELECT told - places INTO fresh FROM handled_places WHERE tenant_id = of_tenant AND effect = of_effect FOR UPDATE;
  IF NOT isempty(fresh) THEN
    UPDATE handled_places
       SET places = places + told + coalesce((
             SELECT int8multirange(int8range(0, relayed, '[]')) - coalesce((
                      SELECT range_agg(int8range(seq, seq, '[]')) FROM owed_events
                       WHERE tenant_id = of_tenant AND handler = told_to), '{}')
               FROM event_stream WHERE tenant_id = of_tenant AND told_to IS NOT NULL), '{}')
     WHERE tenant_id = of_tenant AND effect = of_effect;
  END IF;
  RETURN ARRAY(SELECT seq FROM unnest(seqs) AS seq WHERE fresh @> seq);
END $$;

-- down
DROP FUNCTION mark_handled(text, text, text, int8multirange, bigint[]);
CREATE TABLE handled_events (
  tenant_id text COLLATE "C" NOT NULL,
  handler text NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  handled_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, handler, event_id)
);
CREATE INDEX handled_events_by_age ON handled_events (handled_at);
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE event_stream NO FORCE ROW LEVEL SECURITY;
ALTER TABLE owed_events NO FORCE ROW LEVEL SECURITY;
ALTER TABLE handled_places NO FORCE ROW LEVEL SECURITY;
INSERT INTO handled_events (tenant_id, handler, event_id)
SELECT tenant_id, effect, event_id
  FROM (SELECT e.tenant_id, e.seq, e.id AS event_id FROM events e JOIN event_stream s USING (tenant_id) WHERE e.seq > s.relayed
        UNION SELECT e.tenant_id, e.seq, e.id FROM events e JOIN owed_events USING (tenant_id, seq)) AS due
  JOIN handled_places USING (tenant_id)
 WHERE places @> seq;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
ALTER TABLE event_stream FORCE ROW LEVEL SECURITY;
DROP TABLE handled_places;
DROP TABLE owed_events;
SELECT isolate_by_tenant('handled_events');
ALTER POLICY own_tenant ON handled_events WITH CHECK (array_position((SELECT current_tenants()), tenant_id) IS NOT NULL);
SELECT purge_after('handled_events', 'handled_at', '30 days');
