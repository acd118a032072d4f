import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const ROUNDS = 1_000;
const AT_ONCE = 16;

let server: TestServer;
let tenant: TenantUser;

beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

/** The moves of every incident as the log tells them, and the status that its row has. */
async function histories(): Promise<{ status: string; moves: string[][] }[]> {
  return sql(
    server.database.url,
    `SELECT i.status, json_agg(json_build_array(e.data->>'previousStatus', e.data->>'newStatus') ORDER BY e.seq) AS moves
       FROM incidents i JOIN events e USING (tenant_id, incident_id)
      WHERE e.type = 'incident.status_changed' GROUP BY i.incident_id, i.status`,
    [],
    tenant.tenantId,
  );
}

it(`tells the facts in their order when triage and a person race for the same incident ${ROUNDS} times`, async () => {
  let left = ROUNDS;
  const race = async (): Promise<void> => {
    while (left-- > 0) {
      const { body } = await tenant.api.post('/v1/incidents', {
        title: 'A race',
        description: 'x',
        severity: 'info',
      });
      // The reaction to incident.created is on its way to the same row.
      await tenant.api.patch(`/v1/incidents/${String(body['incidentId'])}`, { status: 'closed' });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, race));
  await until('the relay has told every handler of every event', async () => {
    const [stream] = await sql<{ behind: boolean }>(
      server.database.url,
      'SELECT seq > relayed AS behind FROM event_stream',
      [],
      tenant.tenantId,
    );
    return stream?.behind === false;
  });

  const all = await histories();
  expect(all).toHaveLength(ROUNDS);
  for (const { status, moves } of all) {
    // Each move starts where the one before it ended: the log has them in the order in which they happened.
    expect(moves[0]?.[0]).toBe('open');
    for (let n = 1; n < moves.length; n += 1) expect(moves[n]?.[0]).toBe(moves[n - 1]?.[1]);
    expect(moves.at(-1)?.[1]).toBe(status);
    expect(status).toBe('closed');
  }
}, 120_000);

it('has no gaps: as many events as the counter says, each at a place of its own', async () => {
  const [log] = await sql<{ events: number; places: number; last: number; counter: number }>(
    server.database.url,
    `SELECT count(*)::int AS events, count(DISTINCT e.seq)::int AS places, max(e.seq)::int AS last, max(s.seq)::int AS counter
       FROM events e JOIN event_stream s USING (tenant_id)`,
    [],
    tenant.tenantId,
  );
  expect(log?.places).toBe(log?.events);
  expect([log?.last, log?.counter]).toEqual([log?.events, log?.events]);
});

it('stores nothing whose events cannot be appended', async () => {
  const refuse = `ALTER TABLE events ADD CONSTRAINT refused CHECK (data->>'title' IS DISTINCT FROM 'Unheard of') NOT VALID`;
  await sql(server.database.url, refuse);
  const { status } = await tenant.api.post('/v1/incidents', {
    title: 'Unheard of',
    description: 'x',
    severity: 'info',
  });
  await sql(server.database.url, 'ALTER TABLE events DROP CONSTRAINT refused');
  expect(status).toBe(500);
  const stored = await sql(
    server.database.url,
    `SELECT FROM incidents WHERE title = 'Unheard of'`,
    [],
    tenant.tenantId,
  );
  expect(stored).toEqual([]);
  const next = await tenant.api.post('/v1/incidents', { title: 'Heard', description: 'x', severity: 'info' });
  expect(next.status).toBe(201);
});
