import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let tenant: TenantUser;
let sender: AlertSender;

beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  sender = await AlertSender.of(tenant);
});
afterAll(() => server.stop());

it('keeps every acknowledged alert and its events exactly once when it is killed during 500 requests', async () => {
  const acknowledged: string[] = [];
  let next = 0;
  const post = async (): Promise<void> => {
    while (next < 500) {
      const n = next++;
      try {
        const { status, body } = await sender.send({
          title: `Alert ${n}`,
          description: 'x',
          sourceAlertId: `crash-${n}`,
        });
        if (status === 202) acknowledged.push(body['incidentId'] ?? '');
      } catch {
        return; // the connection broke: no acknowledgement
      }
      if (acknowledged.length === 150) await server.kill();
    }
  };
  await Promise.all(Array.from({ length: 32 }, post));
  expect(acknowledged.length).toBeGreaterThanOrEqual(150);
  expect(acknowledged.length).toBeLessThan(500);

  const { database } = server;
  server = await TestServer.start({ database });
  const events = await sql<{ incident_id: string; created: number; moved: number }>(
    database.url,
    `SELECT i.incident_id,
            count(*) FILTER (WHERE e.type = 'incident.created')::int AS created,
            count(*) FILTER (WHERE e.type = 'incident.status_changed' AND e.data->>'newStatus' = 'triaging')::int AS moved
       FROM incidents i JOIN alerts a USING (tenant_id, incident_id) LEFT JOIN events e USING (tenant_id, incident_id)
      WHERE i.tenant_id = $1 GROUP BY i.incident_id`,
    [tenant.tenantId],
    tenant.tenantId,
  );
  const stored = new Map(events.map((row) => [row.incident_id, [row.created, row.moved]]));
  for (const incidentId of acknowledged) expect(stored.get(incidentId)).toEqual([1, 1]);
  for (const counts of stored.values()) expect(counts).toEqual([1, 1]);

  const [log] = await sql<{ events: number; last: number; counter: number }>(
    database.url,
    `SELECT count(*)::int AS events, max(e.seq)::int AS last, max(s.seq)::int AS counter
       FROM events e JOIN event_stream s USING (tenant_id) WHERE tenant_id = $1`,
    [tenant.tenantId],
    tenant.tenantId,
  );
  expect([log?.last, log?.counter]).toEqual([log?.events, log?.events]);

  // It is served again.
  const again = new Api(server.url, tenant.api.token);
  expect((await again.get(`/v1/incidents/${acknowledged.at(-1) ?? ''}`)).status).toBe(200);
});

it('purges an upload that a crash interrupted after a day, and no complete one', async () => {
  const { database } = server;
  const ask = new Api(server.url, tenant.api.token);
  const { body } = await ask.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' });
  const path = `/v1/incidents/${String(body['incidentId'])}/evidence`;
  const finished = await ask.post(path, { type: 'note', source: 'x', content: 'kept' });
  const { evidenceId } = finished.body;
  const stored = async (): Promise<string[]> => {
    const sought = 'SELECT DISTINCT evidence_id AS id FROM incident_evidence_chunks ORDER BY id';
    return (await sql<{ id: string }>(database.url, sought, [], tenant.tenantId)).map(({ id }) => id);
  };
  const headers = { authorization: `Bearer ${tenant.api.token ?? ''}`, 'content-type': 'text/csv' };
  const cut = request(`${server.url}${path}?type=metric&source=x`, { method: 'POST', headers });
  cut.on('error', () => undefined);
  cut.write(`timestamp,entity,metric,value\n${'1772366400,api,cpu,0.5\n'.repeat(5_000)}`);
  await until('some of it is stored', async () => (await stored()).length === 2);
  await server.kill();

  server = await TestServer.start({ database });
  const purged = async (): Promise<unknown> => {
    const [job] = await sql<{ id: string }>(
      database.url,
      `SELECT id FROM graphile_worker.add_job('purge-expired')`,
    );
    return until('the purge is done', async () => {
      const jobs = await sql(database.url, 'SELECT FROM graphile_worker.jobs WHERE id = $1', [job?.id]);
      return jobs.length === 0;
    });
  };
  await purged();
  expect(await stored()).toHaveLength(2);
  const aDayOn = `UPDATE incident_evidence_chunks SET unfinished_since = unfinished_since - interval '1 day'`;
  await sql(database.url, aDayOn, [], tenant.tenantId);
  await purged();
  expect(await stored()).toEqual([evidenceId]);
});
