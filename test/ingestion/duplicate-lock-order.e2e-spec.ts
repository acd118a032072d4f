import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { asTenantId, type TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { DuplicateCounts } from '#modules/ingestion/infrastructure/duplicate-counts';
import { begin } from '../notifications/log-writer.js';
import { AlertSender, newTenant } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let source: DataSource;
beforeAll(async () => {
  server = await TestServer.start({ env: { ROLE: 'api' } });
  // Forces a plan that reads incidents in physical order, as may be chosen for a small table.
  const name = new URL(server.database.url).pathname.slice(1);
  await sql(server.database.url, `ALTER DATABASE ${name} SET enable_nestloop = off`);
  await sql(server.database.url, `ALTER DATABASE ${name} SET enable_mergejoin = off`);
  source = await applicationDataSource({ url: server.database.url, poolSize: 1 }).initialize();
});
afterAll(async () => {
  await source.destroy();
  await server.stop();
});

it('counting duplicates of many alerts locks incidents in the order of their keys, whatever the plan', async () => {
  const sender = await AlertSender.of(await newTenant(server.url));
  const tenantId = asTenantId(sender.tenantId) as TenantId;
  const incidents: string[] = [];
  for (const sourceAlertId of ['a', 'b', 'c', 'd']) {
    const { body } = await sender.send({ title: 'x', description: 'x', severity: 'low', sourceAlertId });
    incidents.push(body['incidentId'] ?? '');
  }
  const [first = '', ...others] = [...incidents].sort();
  // Moves it physically after the others.
  await sql(
    server.database.url,
    'UPDATE incidents SET version = version + 1 WHERE incident_id = $1',
    [first],
    tenantId,
  );
  const counts = new DuplicateCounts(new BatchWriter(source, new CommittedEvents()));
  const holder = await begin(server.database.url, tenantId);
  try {
    await holder.query('SELECT FROM incidents WHERE incident_id = $1 FOR UPDATE', [first]);
    for (const sourceAlertId of ['d', 'c', 'b', 'a'])
      counts.count({ tenantId, provider: 'custom', sourceAlertId }, new Date());
    await until('the flush waits for its lock', async () => {
      const [waits] = await sql(
        server.database.url,
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return waits;
    });
    const free = await sql<{ incident_id: string }>(
      server.database.url,
      'SELECT incident_id FROM incidents ORDER BY 1 FOR UPDATE SKIP LOCKED',
      [],
      tenantId,
    );
    expect(free.map(({ incident_id }) => incident_id)).toEqual(others);
    await holder.query('ROLLBACK');
    await counts.onApplicationShutdown();
  } finally {
    await holder.end();
  }
  const counted = await sql<{ alert_count: number }>(
    server.database.url,
    'SELECT alert_count FROM incidents',
    [],
    tenantId,
  );
  expect(counted.map(({ alert_count }) => alert_count)).toEqual([2, 2, 2, 2]);
});
