-- What was done about events is remembered as places in the log. See docs/adr/0014-once.md.

-- up
/* What a handler failed on and is still to be told of again. */
CREATE TABLE owed_events (
  tenant_id text COLLATE "C" NOT NULL,
  handler text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (tenant_id, handler, seq)
);
SELECT isolate_by_tenant('owed_events');

/* The places in a tenant's log for which an effect is there, or will never be. No index names what changes at each of them. */
CREATE TABLE handled_places (
  tenant_id text COLLATE "C" NOT NULL,
  effect text COLLATE "C" NOT NULL,
  places int8multirange NOT NULL,
  PRIMARY KEY (tenant_id, effect)
) WITH (fillfactor = 50);
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
DROP TABLE handled_places;
DROP TABLE owed_events;
