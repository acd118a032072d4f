import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, newTenant } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { type Query, toldSince } from './queries.js';

const TENANTS = 12;
const main = fileURLToPath(new URL('server-that-tells-its-queries.mjs', import.meta.url));

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
const matching = (queries: readonly Query[], pattern: RegExp): Query[] =>
  queries.filter(({ sql: text }) => pattern.test(text));

describe('many tenants, of whom each sends an alert', () => {
  it('have the uses of their keys noted together', async () => {
    const senders = await Promise.all(
      Array.from({ length: TENANTS }, async () => AlertSender.of(await newTenant(api.url))),
    );
    tenantIds = senders.map(({ tenantId }) => tenantId);
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
    const noted = 'SELECT count(last_used_at)::int AS n FROM api_keys WHERE tenant_id = ANY ($1)';
    await until('all are noted', async () => (await countOf(noted)) === TENANTS);
    const notes = matching(toldSince(api, mark), /UPDATE api_keys\b/);
    expect(notes.length).toBeLessThan(TENANTS);
  });

  it('have their logs read and remembered together, and cost nothing for what they do not have', async () => {
    const worker = await TestServer.start({ database, main, env: { ROLE: 'worker' } });
    try {
      const behind =
        'SELECT count(*)::int AS n FROM event_stream WHERE tenant_id = ANY ($1) AND relayed < seq';
      await until('all is relayed', async () => (await countOf(behind)) === 0);
      const triaged = `SELECT count(*)::int AS n FROM incidents JOIN triages USING (tenant_id, incident_id)
                        WHERE tenant_id = ANY ($1) AND status = 'open'`;
      expect(await countOf(triaged)).toBe(TENANTS);

      const queries = toldSince(worker, 0);
      const tenantsOf = (query: Query | undefined) => [...(query?.parameters[0] as string[])].sort();
      const [firstRead] = matching(queries, /unnest.*\bFROM events\b/s);
      const [firstMove] = matching(queries, /\bUPDATE event_stream\b/);
      expect([tenantsOf(firstRead), tenantsOf(firstMove)]).toEqual([tenantIds.sort(), tenantIds.sort()]);
      expect(matching(queries, /\bFROM "triggers"|\bINTO investigations\b/)).toEqual([]);
      expect(matching(queries, /FOR UPDATE/).length).toBeLessThanOrEqual(TENANTS);
    } finally {
      await worker.stop();
    }
  });

  it('are moved on while somebody holds the log of another one, which is moved on when it is let go of', async () => {
    const [held, free] = [await newTenant(api.url), await newTenant(api.url)].map(({ tenantId }) => tenantId);
    const isRelayed = (tenantId: string | undefined) => async () => {
      const text = 'SELECT relayed = seq AS done FROM event_stream WHERE tenant_id = $1';
      const [stream] = await sql<{ done: boolean }>(database.url, text, [tenantId], tenantId);
      return stream?.done;
    };
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT set_config('app.tenant_ids', $1, true)`, [held]);
    await holder.query('SELECT FROM event_stream WHERE tenant_id = $1 FOR UPDATE', [held]);
    const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
    try {
      await until('the free one is moved on', isRelayed(free));
      expect(await isRelayed(held)()).toBe(false);
      await holder.query('ROLLBACK');
      await until('the other one, too', isRelayed(held));
    } finally {
      await holder.end();
      await worker.stop();
    }
  });
});
