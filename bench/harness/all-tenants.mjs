import pg from 'pg';
import { waitUntil } from './wait-until.mjs';

const RELAY_TIMEOUT_MS = 120_000;

/** @returns a connection that sees all tenants, as a backup does */
export async function connectToAllTenants(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  // When a run is interrupted, the database stops before this connection closes.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`SELECT set_config('app.backup', 'on', false)`);
  return { client, pid: client.processID, query: async (...args) => (await client.query(...args)).rows };
}

/** @returns how long it took, in milliseconds */
export function waitUntilRelayed(database) {
  const isRelayed = async () => {
    const behind = await database.query('SELECT FROM event_stream WHERE relayed < seq LIMIT 1');
    return behind.length === 0;
  };
  return waitUntil(isRelayed, {
    timeoutMs: RELAY_TIMEOUT_MS,
    pollMs: 100,
    problem: 'the relay does not catch up',
  });
}

/** Checks that each 202 has its alert, its incident, triaged and open, and its three events. */
export async function checkTriaged(database, requests, ids) {
  const [stored] = await database.query(
    `SELECT count(DISTINCT incident_id)::int AS triaged, count(DISTINCT a.tenant_id)::int AS tenants,
            sum((SELECT count(*) FROM events e WHERE e.tenant_id = i.tenant_id AND e.incident_id = i.incident_id))::int AS events
       FROM alerts a JOIN incidents i USING (tenant_id, incident_id) JOIN triages USING (tenant_id, incident_id)
      WHERE incident_id = ANY ($1) AND i.status = 'open'`,
    [ids],
  );
  if (ids.length !== requests || stored.triaged !== requests || stored.events !== 3 * requests)
    throw new Error(`WRONG: ${requests} alerts were acknowledged, but stored is ${JSON.stringify(stored)}`);
}
