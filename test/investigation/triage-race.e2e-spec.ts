import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AlertSender, newTenant } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { begin } from '../notifications/log-writer.js';

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await cloneDatabase();
  // No worker, so nothing is triaged yet.
  server = await TestServer.start({ database, env: { ROLE: 'api' } });
});
afterAll(async () => {
  await server.stop();
  await removeDatabase(database);
});

it('a person’s change of an incident during triage wins, and triage continues with the others', async () => {
  const tenant = await newTenant(server.url);
  const { tenantId } = tenant;
  const sender = await AlertSender.of(tenant);
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const alert = {
      title: 'Report written',
      description: 'As ever.',
      severity: 'low',
      sourceAlertId: `r-${n}`,
    };
    const { status, body } = await sender.send(alert);
    expect(status).toBe(202);
    ids.push(body['incidentId'] ?? '');
  }
  const look = <Row extends object>(text: string, ...more: unknown[]): Promise<Row[]> =>
    sql<Row>(database.url, text, [tenantId, ...more], tenantId);

  const person = await begin(database.url, tenantId);
  await person.query(
    `UPDATE incidents SET status = 'resolved', version = version + 1 WHERE tenant_id = $1 AND incident_id = $2`,
    [tenantId, ids[1]],
  );
  const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
  try {
    await until('triage waits for the row lock', async () => {
      const waiting = await look(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'UPDATE incidents%'
            AND wait_event_type = 'Lock' AND $1::text IS NOT NULL`,
      );
      return waiting.length > 0;
    });
    await person.query('COMMIT');
    await until('all are triaged', async () => {
      const triaged = await look(`SELECT FROM triages WHERE tenant_id = $1`);
      return triaged.length === 3;
    });
  } finally {
    await person.end();
    await worker.stop();
  }

  expect(
    await look('SELECT status, version FROM incidents WHERE tenant_id = $1 ORDER BY incident_id'),
  ).toEqual(['open', 'resolved', 'open'].map((status) => ({ status, version: 2 })));
  const moved = await look<{ incident_id: string }>(
    `SELECT incident_id FROM events WHERE tenant_id = $1 AND data->>'newStatus' = 'open' ORDER BY incident_id`,
  );
  expect(moved.map(({ incident_id }) => incident_id)).toEqual([ids[0], ids[2]]);
});
