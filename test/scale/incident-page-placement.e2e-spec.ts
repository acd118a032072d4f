import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AlertSender, newTenant } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await cloneDatabase();
  // Only the test vacuums.
  await sql(database.url, 'ALTER TABLE incidents SET (autovacuum_enabled = false)');
  server = await TestServer.start({ database });
});
afterAll(async () => {
  await server.stop();
  await removeDatabase(database);
});

it('new incidents are stored after the old ones, not in space that triage left and vacuum freed', async () => {
  const tenant = await newTenant(server.url);
  const sender = await AlertSender.of(tenant);
  const triageNew = async (alerts: number, round: string) => {
    for (let sent = 0; sent < alerts; sent += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) =>
          sender.send({
            title: 'Nightly report written',
            description: 'As every night.',
            severity: 'low',
            sourceAlertId: `${round}-${String(sent + at)}`,
          }),
        ),
      );
      for (const { status } of answers) expect(status).toBe(202);
    }
    await until('all are triaged', async () => {
      const [left] = await sql<{ n: number }>(
        database.url,
        `SELECT count(*)::int AS n FROM incidents WHERE status = 'triaging'`,
        [],
        tenant.tenantId,
      );
      return left?.n === 0;
    });
  };

  await triageNew(1_000, 'old');
  await sql(database.url, 'VACUUM incidents');
  const [{ pages } = { pages: 0 }] = await sql<{ pages: number }>(
    database.url,
    `SELECT (pg_relation_size('incidents') / 8192)::int AS pages`,
  );
  await triageNew(300, 'new');

  const [newest] = await sql<{ n: number; among: number }>(
    database.url,
    `SELECT count(*)::int AS n, count(*) FILTER (WHERE page < $1)::int AS among
     FROM (SELECT (ctid::text::point)[0] AS page FROM incidents ORDER BY incident_id DESC LIMIT 300) AS incident`,
    [pages],
    tenant.tenantId,
  );
  expect(newest?.n).toBe(300);
  // Only the last few pages had space left. If freed space were reused, it would be nearly all of them.
  expect(newest?.among).toBeLessThan(100);
});
