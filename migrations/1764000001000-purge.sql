-- What is of no more use is let go of, daily.

-- up
CREATE TABLE purges (
  table_name name PRIMARY KEY,
  told_by name NOT NULL,
  kept interval NOT NULL
);

/*
 * Has rows of a table purged once they are `kept` old by the column that tells, which an index should lead. The policy
 * lets the owner, and nobody else, see just these rows across tenants.
 */
CREATE FUNCTION purge_after(purged regclass, told_by name, kept interval) RETURNS void
  LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE POLICY purge ON %s TO CURRENT_USER USING (%I < now() - %L::interval)', purged, told_by, kept);
  INSERT INTO purges VALUES (purged::text, told_by, kept);
END $$;

/* A little at a time, so that nothing waits for it. */
CREATE FUNCTION purge_expired(most integer) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  purge purges;
  gone bigint;
  total bigint := 0;
BEGIN
  FOR purge IN SELECT * FROM purges LOOP
    EXECUTE format(
      'DELETE FROM %1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM %1$I WHERE %2$I < now() - %3$L::interval LIMIT %4$s))',
      purge.table_name, purge.told_by, purge.kept, most);
    GET DIAGNOSTICS gone = ROW_COUNT;
    total := total + gone;
  END LOOP;
  RETURN total;
END $$;

REVOKE EXECUTE ON FUNCTION purge_expired(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION purge_expired(integer) TO causeflow_app;

-- down
DROP FUNCTION purge_expired(integer);
DROP FUNCTION purge_after(regclass, name, interval);
DROP TABLE purges;
