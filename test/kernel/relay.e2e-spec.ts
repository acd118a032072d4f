import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { AlertSender, Api, newTenant } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ main: 'test/kernel/server-with-handlers.mjs' });
});
afterAll(() => server.stop());

/** @returns its id */
async function incident(api: Api, title: string): Promise<string> {
  const { body } = await api.post('/v1/incidents', { title, description: 'x', severity: 'info' });
  return String(body['incidentId']);
}
/** Keeps a handler waiting at incidents of this title. @returns what lets it go on */
async function hold(title: string): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: server.database.url });
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(hashtext($1))', [title]);
  return () => holder.end();
}
async function isRelayed(tenantId: string): Promise<boolean | undefined> {
  const [stream] = await sql<{ done: boolean }>(
    server.database.url,
    'SELECT relayed = seq AS done FROM event_stream WHERE tenant_id = $1',
    [tenantId],
    tenantId,
  );
  return stream?.done;
}
const said = (what: string): string[] => server.log.split('\n').filter((line) => line.startsWith(what));

describe('the relay', () => {
  it('tells a handler again that failed, names it in the log, and lets nobody wait for it', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const incidentId = await incident(api, 'fails twice');
    await until('the steady one did it', () => said(`steady did ${incidentId}`).length > 0);
    await until('the stumbling one did it', () => said(`stumbling did ${incidentId}`).length > 0);
    expect(said('stumbling').filter((line) => line.endsWith(incidentId))).toEqual([
      `stumbling try 1 of ${incidentId}`,
      `stumbling try 2 of ${incidentId}`,
      `stumbling try 3 of ${incidentId}`,
      `stumbling did ${incidentId}`,
    ]);
    expect(server.log).toContain('Stumbling failed on evt_');
    await until('nothing is owed any more', async () => {
      const owed = await sql(server.database.url, 'SELECT FROM owed_events', [], tenantId);
      return owed.length === 0;
    });
  });

  it('tells it again also when the call that woke the relay is a webhook, and nobody else stumbles over that', async () => {
    const sender = await AlertSender.of(await newTenant(server.url));
    const { body } = await sender.send({ title: 'fails twice', description: 'x', severity: 'info' });
    await until('it did it', () => said(`stumbling did ${body['incidentId'] ?? ''}`).length > 0);
    expect(server.log).not.toContain('Events cannot be relayed');
  });

  it('says what broke a pass, and takes it up again', async () => {
    const { api } = await newTenant(server.url);
    await sql(server.database.url, 'ALTER FUNCTION claim_streams_behind RENAME TO mislaid');
    let incidentId: string;
    try {
      incidentId = await incident(api, 'x');
      await until('it complains', () => server.log.includes('Events cannot be relayed'));
    } finally {
      await sql(server.database.url, 'ALTER FUNCTION mislaid RENAME TO claim_streams_behind');
    }
    expect(server.log).toMatch(/function claim_streams_behind\((unknown|text\[\])\) does not exist/);
    await until('it goes on', () => said(`steady did ${incidentId}`).length > 0);
  });

  it('goes on when the connection breaks that holds its claims, and does nothing twice', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const letGo = await hold('waits for a connection');
    const incidentId = await incident(api, 'waits for a connection');
    try {
      await until('a handler waits', () => said(`waiting at ${incidentId}`).length > 0);
      const closed = await sql(
        server.database.url,
        `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'causeflow-relay'`,
      );
      expect(closed).toHaveLength(1);
    } finally {
      await letGo();
    }
    await until('all is told', () => isRelayed(tenantId));
    expect(said('waiting did').filter((line) => line.endsWith(incidentId))).toHaveLength(1);
    const next = await incident(api, 'x');
    await until('it goes on', () => said(`steady did ${next}`).length > 0);
  });

  it('lets no tenant wait for the slow handler of another one, who keeps her order', async () => {
    const [slow, other] = [await newTenant(server.url), await newTenant(server.url)];
    const letGo = await hold('waits for long');
    const own: string[] = [await incident(slow.api, 'waits for long')];
    try {
      await until('her handler waits', () => said(`waiting at ${own[0] ?? ''}`).length > 0);
      own.push(await incident(slow.api, 'waits for long'), await incident(slow.api, 'x'));
      for (let turn = 0; turn < 3; turn++) {
        const theirs = await incident(other.api, 'x');
        await until('the other one is told', () => said(`steady did ${theirs}`).length > 0);
        await until('her log is moved on', () => isRelayed(other.tenantId));
      }
      // Hers has waited all the time, and what came after it stands in line.
      expect(said('waiting did').filter((line) => own.some((id) => line.endsWith(id)))).toEqual([]);
      expect(server.log).not.toContain('Waiting failed on');
      expect(said('steady did').filter((line) => own.slice(1).some((id) => line.includes(id)))).toEqual([]);
      const { body } = await new Api(server.url).get<string>('/metrics');
      expect(body).toMatch(/^causeflow_tenants_held_up\{by="relay",reason="slow"\} 1$/m);
      expect(server.log).toContain(`does not wait for ${slow.tenantId}`);
    } finally {
      await letGo();
    }
    await until('all of hers is told', () => isRelayed(slow.tenantId));
    const theirsDone = (what: string): string[] =>
      said(what).flatMap((line) => own.filter((id) => line.includes(id)));
    expect(theirsDone('steady did')).toEqual(own);
    expect(theirsDone('waiting did')).toEqual(own.slice(0, 2));
  });

  it('tells a tenant’s events in the order of its log, each of them once, also when they are relayed again', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const made = await Promise.all(
      Array.from({ length: 40 }, () =>
        api.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' }),
      ),
    );
    const ids = new Set(made.map(({ body }) => String(body['incidentId'])));
    const mine = (): string[] => said('steady did').filter((line) => ids.has(line.split(' ')[2] ?? ''));
    await until('all are told', () => mine().length === 40);

    await sql(
      server.database.url,
      'UPDATE event_stream SET relayed = 0 WHERE tenant_id = $1',
      [tenantId],
      tenantId,
    );
    await until('they were relayed again', () => isRelayed(tenantId));
    const places = mine().map((line) => Number(line.split(' at ')[1]));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).toHaveLength(40);
  });
});
