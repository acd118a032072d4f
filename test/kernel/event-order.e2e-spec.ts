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

/** The status changes of every incident in the order of the log, and the status in its row. */
async function histories(): Promise<{ status: string; changes: string[][] }[]> {
  return sql(
    server.database.url,
    `SELECT i.status, json_agg(json_build_array(e.data->>'previousStatus', e.data->>'newStatus') ORDER BY e.seq) AS changes
       FROM incidents i JOIN events e USING (tenant_id, incident_id)
      WHERE e.type = 'incident.status_changed' GROUP BY i.incident_id, i.status`,
    [],
    tenant.tenantId,
  );
}

it(`the log keeps the order of status changes when triage and a user race for the same incident ${ROUNDS} times`, async () => {
  let left = ROUNDS;
  const race = async (): Promise<void> => {
    while (left-- > 0) {
      const { body } = await tenant.api.post('/v1/incidents', {
        title: 'A race',
        description: 'x',
        severity: 'info',
      });
      // The handler of incident.created is about to change the same row.
      await tenant.api.patch(`/v1/incidents/${String(body['incidentId'])}`, { status: 'closed' });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, race));
  await until('the relay has delivered every event', async () => {
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
  for (const { status, changes } of all) {
    // Each change starts from the status in which the previous one ended, so the log has them in the order they happened.
    expect(changes[0]?.[0]).toBe('open');
    for (let n = 1; n < changes.length; n += 1) expect(changes[n]?.[0]).toBe(changes[n - 1]?.[1]);
    expect(changes.at(-1)?.[1]).toBe(status);
    expect(status).toBe('closed');
  }
});

it('the log has no gaps: its events have the sequence numbers up to its counter', async () => {
  const [log] = await sql<{ events: number; seqs: number; last: number; counter: number }>(
    server.database.url,
    `SELECT count(*)::int AS events, count(DISTINCT e.seq)::int AS seqs, max(e.seq)::int AS last, max(s.seq)::int AS counter
       FROM events e JOIN event_stream s USING (tenant_id)`,
    [],
    tenant.tenantId,
  );
  expect(log?.seqs).toBe(log?.events);
  expect([log?.last, log?.counter]).toEqual([log?.events, log?.events]);
});

it('a change is not stored when its events cannot be appended', async () => {
  const refuse = `ALTER TABLE events ADD CONSTRAINT refused CHECK (data->>'title' IS DISTINCT FROM 'Refused') NOT VALID`;
  await sql(server.database.url, refuse);
  const { status } = await tenant.api.post('/v1/incidents', {
    title: 'Refused',
    description: 'x',
    severity: 'info',
  });
  await sql(server.database.url, 'ALTER TABLE events DROP CONSTRAINT refused');
  expect(status).toBe(500);
  const stored = await sql(
    server.database.url,
    `SELECT FROM incidents WHERE title = 'Refused'`,
    [],
    tenant.tenantId,
  );
  expect(stored).toEqual([]);
  const next = await tenant.api.post('/v1/incidents', {
    title: 'Accepted',
    description: 'x',
    severity: 'info',
  });
  expect(next.status).toBe(201);
});
