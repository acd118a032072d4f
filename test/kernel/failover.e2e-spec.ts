import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { claimingPool } from '#kernel/events/claiming-pool';
import { Database } from '#kernel/persistence/database';
import { AlertSender, newTenant } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { becomePrimary, becomeStandby, endSessions } from '../support/standby.js';
import { until } from '../support/until.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

it('a standby that the address leads to is not read, and its sessions do not outlast the failover', async () => {
  const tenant = await newTenant(server.url);
  const sender = await AlertSender.of(tenant);
  const send = () => sender.send({ title: 'x', description: 'x', severity: 'info' });

  await becomeStandby(server.database);
  await endSessions(server.database);
  await until('alerts are refused', async () => (await send()).status === 503);
  // Its log may lack the last event of the client, which would be told that its events are gone.
  expect((await EventStream.open(tenant.api, '?lastEventId=0')).response.status).toBe(503);
  const claims = claimingPool(new Database(server.database.url), 'a relay');
  await expect(claims.query('SELECT')).rejects.toThrow('standby');

  await becomePrimary(server.database);
  await until('alerts are accepted', async () => (await send()).status === 202);
  await claims.query('SELECT');
  await claims.end();
  const stream = await EventStream.open(tenant.api, '?lastEventId=0');
  await stream.waitFor('incident.status_changed', ({ data }) => data.data['newStatus'] === 'open');
  stream.close();
});
