import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { begin } from '../notifications/log-writer.js';
import { AlertSender, newTenant, programOf } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { type Query, queriesSince } from './queries.js';

const TENANTS = 12;
const main = fileURLToPath(new URL('query-logging-server.mjs', import.meta.url));

let database: TestDatabase;
let api: TestServer;
let tenantIds: string[];
beforeAll(async () => {
  database = await cloneDatabase();
  api = await TestServer.start({ database, main, env: { ROLE: 'api' } });
});
afterAll(async () => {
  await api.stop();
  await removeDatabase(database);
});

const countOf = async (text: string): Promise<number> => {
  const [row] = await sql<{ n: number }>(database.url, text, [tenantIds], tenantIds.join(','));
  return row?.n ?? 0;
};
const isRelayed = (tenantId: string) => async () => {
  const text = 'SELECT relayed = seq AS done FROM event_stream WHERE tenant_id = $1';
  const [stream] = await sql<{ done: boolean }>(database.url, text, [tenantId], tenantId);
  return stream?.done;
};
/** The tenants whose incidents were triaged, each once. */
const triaged = (tenants: readonly string[]): Promise<object[]> =>
  sql(
    database.url,
    `SELECT tenant_id FROM incidents JOIN triages USING (tenant_id, incident_id)
       JOIN events USING (tenant_id, incident_id)
      WHERE tenant_id = ANY ($1) AND status = 'open' AND data->>'newStatus' = 'open'`,
    [tenants],
    tenants.join(','),
  );
/** New tenants, in the order of their ids, each with an alert that is not triaged yet. */
const tenantsWithAnAlert = async (count: number, severity = 'low'): Promise<string[]> => {
  const senders = await Promise.all(
    Array.from({ length: count }, async () => AlertSender.of(await newTenant(api.url))),
  );
  for (const sender of senders) {
    const { status } = await sender.send({ title: 'Report written', description: 'As ever.', severity });
    expect(status).toBe(202);
  }
  return senders.map(({ tenantId }) => tenantId).sort();
};
const matching = (queries: readonly Query[], pattern: RegExp): Query[] =>
  queries.filter(({ sql: text }) => pattern.test(text));

describe('many tenants that each send an alert', () => {
  it('have the use of their keys recorded by shared statements', async () => {
    const senders = await Promise.all(
      Array.from({ length: TENANTS }, async () => AlertSender.of(await newTenant(api.url))),
    );
    tenantIds = senders.map(({ tenantId }) => tenantId).sort();
    const mark = api.log.length;
    const sent = senders.map((sender) =>
      sender.send({
        title: 'Report written',
        description: 'As every night.',
        severity: 'low',
        sourceAlertId: 'a',
      }),
    );
    for (const { status } of await Promise.all(sent)) expect(status).toBe(202);
    const recorded = 'SELECT count(last_used_at)::int AS n FROM api_keys WHERE tenant_id = ANY ($1)';
    await until('all are recorded', async () => (await countOf(recorded)) === TENANTS);
    const updates = matching(queriesSince(api, mark), /UPDATE api_keys\b/);
    expect(updates.length).toBeLessThan(TENANTS);
  });

  it('have their logs relayed by shared statements, with no statement for what they do not have', async () => {
    const worker = await TestServer.start({ database, main, env: { ROLE: 'worker' } });
    try {
      const behind =
        'SELECT count(*)::int AS n FROM event_stream WHERE tenant_id = ANY ($1) AND relayed < seq';
      await until('all is relayed', async () => (await countOf(behind)) === 0);
      const triaged = `SELECT count(*)::int AS n FROM incidents JOIN triages USING (tenant_id, incident_id)
                        WHERE tenant_id = ANY ($1) AND status = 'open'`;
      expect(await countOf(triaged)).toBe(TENANTS);

      const queries = queriesSince(worker, 0);
      const tenantsOf = (of: readonly Query[]) =>
        [...new Set(of.flatMap(({ parameters }) => parameters[0] as string[]))].sort();
      const [firstRead] = matching(queries, /unnest.*\bFROM events\b/s);
      const moves = matching(queries, /\bUPDATE event_stream\b/);
      expect([tenantsOf(firstRead ? [firstRead] : []), tenantsOf(moves)]).toEqual([tenantIds, tenantIds]);
      // There are two moves for each tenant, and those of a few are not waited for where the machine is slow.
      expect(moves.length).toBeLessThan(TENANTS);
      expect(matching(queries, /\bFROM "triggers"|\bINTO investigations\b/)).toEqual([]);
      expect(matching(queries, /FOR UPDATE/).length).toBeLessThanOrEqual(TENANTS);
      const [firstMark] = matching(queries, /\bmark_handled\b/);
      const marked = JSON.parse(String(firstMark?.parameters[0])) as { tenantId: string }[];
      expect(marked.map(({ tenantId }) => tenantId)).toEqual(tenantIds);
    } finally {
      await worker.stop();
    }
  });

  it('have their own events with their own correlation id', async () => {
    const logs = await sql<{ tenant_id: string; types: string[]; calls: string[] }>(
      database.url,
      `SELECT tenant_id, array_agg(type ORDER BY seq) AS types, array_agg(DISTINCT correlation_id) AS calls
         FROM events WHERE tenant_id = ANY ($1) AND incident_id IS NOT NULL GROUP BY tenant_id`,
      [tenantIds],
      tenantIds.join(','),
    );
    expect(logs.map(({ tenant_id }) => tenant_id).sort()).toEqual(tenantIds);
    const moved = 'incident.status_changed';
    for (const { types, calls } of logs)
      expect([types, calls]).toEqual([['incident.created', moved, moved], [expect.any(String)]]);
    expect(new Set(logs.flatMap(({ calls }) => calls)).size).toBe(TENANTS);
  });

  it('have their own investigations of severe alerts, with their own correlation id', async () => {
    const severe = await tenantsWithAnAlert(3, 'critical');
    const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
    try {
      const begun = `SELECT tenant_id FROM events AS made JOIN events AS moved USING (tenant_id, incident_id, correlation_id)
                       JOIN investigations USING (tenant_id, incident_id)
                      WHERE tenant_id = ANY ($1) AND made.type = 'incident.created'
                        AND moved.data->>'newStatus' = 'investigating' ORDER BY tenant_id`;
      const look = () => sql<{ tenant_id: string }>(database.url, begun, [severe], severe.join(','));
      await until('all are investigated', async () => (await look()).length >= severe.length);
      expect((await look()).map(({ tenant_id }) => tenant_id)).toEqual(severe);
    } finally {
      await worker.stop();
    }
  });

  it('are triaged while an incident of one of them is locked, and that one after the lock is released', async () => {
    const [held = '', ...others] = await tenantsWithAnAlert(3);
    const holder = await begin(database.url, held);
    await holder.query('UPDATE incidents SET version = version + 1 WHERE tenant_id = $1', [held]);
    const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
    try {
      await until('the others are triaged', async () => (await triaged(others)).length === others.length);
      expect(await triaged([held])).toEqual([]);
      await holder.query('COMMIT');
      await until('the locked one is triaged, too', async () => (await triaged([held])).length === 1);
    } finally {
      await holder.end();
      await worker.stop();
    }
  });

  it('are triaged although one of them fails, which is retried until it succeeds', async () => {
    const [poisoned = '', ...others] = await tenantsWithAnAlert(3);
    await sql(
      database.url,
      `ALTER TABLE triages ADD CONSTRAINT poison CHECK (tenant_id <> '${poisoned}') NOT VALID`,
    );
    const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
    try {
      await until('the others are triaged', async () => (await triaged(others)).length === others.length);
      await until('its log is relayed', isRelayed(poisoned));
      expect(await triaged([poisoned])).toEqual([]);
      const owed = await sql(
        database.url,
        'SELECT tenant_id, handler FROM owed_events WHERE tenant_id = ANY ($1)',
        [[poisoned, ...others]],
        [poisoned, ...others].join(','),
      );
      expect(owed).toEqual([{ tenant_id: poisoned, handler: 'WhenIncidentCreated' }]);
      await sql(database.url, 'ALTER TABLE triages DROP CONSTRAINT poison');
      await until('it is triaged', async () => (await triaged([poisoned])).length === 1);
      expect(worker.log).toContain('delivering each alone');
    } finally {
      await worker.stop();
    }
  });

  it('are relayed while the log of one of them is locked, and that one after the lock is released', async () => {
    const [held = '', free = ''] = [await newTenant(api.url), await newTenant(api.url)].map(
      ({ tenantId }) => tenantId,
    );
    const holder = await begin(database.url, held);
    await holder.query('SELECT FROM event_stream WHERE tenant_id = $1 FOR UPDATE', [held]);
    const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
    try {
      await until('the unlocked log is relayed', isRelayed(free));
      expect(await isRelayed(held)()).toBe(false);
      await holder.query('ROLLBACK');
      await until('the other log is relayed, too', isRelayed(held));
    } finally {
      await holder.end();
      await worker.stop();
    }
  });
});

describe('many tenants that each have a stream', () => {
  it.each([
    ['people', /\bFROM users\b|\bJOIN users\b/],
    ['programs', /\bFROM api_keys\b|\bJOIN api_keys\b/],
  ])('have the access of their %s checked by shared statements', async (who, pattern) => {
    const listeners = await Promise.all(
      Array.from({ length: TENANTS }, async () => {
        const tenant = await newTenant(api.url);
        return who === 'people' ? tenant.api : programOf(tenant, 'events:read');
      }),
    );
    const streams = await Promise.all(listeners.map((listener) => EventStream.open(listener)));
    // No more requests: the periodic check of open streams sends these queries.
    const mark = api.log.length;
    const checks = await until('each was checked twice', () => {
      const queries = matching(queriesSince(api, mark), pattern);
      return queries.flatMap(({ parameters }) => parameters[0]).length >= 2 * TENANTS && queries;
    });
    expect(checks.length).toBeLessThan(TENANTS);
    expect(streams.map(({ ended }) => ended)).toEqual(streams.map(() => false));
    for (const stream of streams) stream.close();
  });
});
