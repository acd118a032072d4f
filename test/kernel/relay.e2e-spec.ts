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
/** Blocks a handler at incidents of this title. @returns a function that unblocks it */
async function blockHandler(title: string): Promise<() => Promise<void>> {
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
const logged = (prefix: string): string[] => server.log.split('\n').filter((line) => line.startsWith(prefix));

describe('the relay', () => {
  it('redelivers an event to a handler that failed, logs the failure, and delays no other handler', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const incidentId = await incident(api, 'fails twice');
    await until('the steady handler did it', () => logged(`steady did ${incidentId}`).length > 0);
    await until('the stumbling handler did it', () => logged(`stumbling did ${incidentId}`).length > 0);
    expect(logged('stumbling').filter((line) => line.endsWith(incidentId))).toEqual([
      `stumbling try 1 of ${incidentId}`,
      `stumbling try 2 of ${incidentId}`,
      `stumbling try 3 of ${incidentId}`,
      `stumbling did ${incidentId}`,
    ]);
    expect(server.log).toContain('Stumbling failed on evt_');
    await until('no event is owed', async () => {
      const owed = await sql(server.database.url, 'SELECT FROM owed_events', [], tenantId);
      return owed.length === 0;
    });
  });

  it('redelivers also when a webhook call woke the relay, and the relay itself does not fail', async () => {
    const sender = await AlertSender.of(await newTenant(server.url));
    const { body } = await sender.send({ title: 'fails twice', description: 'x', severity: 'info' });
    await until(
      'the stumbling handler did it',
      () => logged(`stumbling did ${body['incidentId'] ?? ''}`).length > 0,
    );
    expect(server.log).not.toContain('Events cannot be relayed');
  });

  it('logs why a pass failed, and retries it', async () => {
    const { api } = await newTenant(server.url);
    await sql(server.database.url, 'ALTER FUNCTION claim_streams_behind RENAME TO renamed');
    let incidentId: string;
    try {
      incidentId = await incident(api, 'x');
      await until('the failure is logged', () => server.log.includes('Events cannot be relayed'));
    } finally {
      await sql(server.database.url, 'ALTER FUNCTION renamed RENAME TO claim_streams_behind');
    }
    expect(server.log).toMatch(/function claim_streams_behind\((unknown|text\[\])\) does not exist/);
    await until('the relay continues', () => logged(`steady did ${incidentId}`).length > 0);
  });

  it('continues when the connection with its claims breaks, and no effect happens twice', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const unblock = await blockHandler('waits for a connection');
    const incidentId = await incident(api, 'waits for a connection');
    try {
      await until('the handler waits', () => logged(`waiting at ${incidentId}`).length > 0);
      const closed = await sql(
        server.database.url,
        `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'causeflow-relay'`,
      );
      expect(closed).toHaveLength(1);
    } finally {
      await unblock();
    }
    await until('all events are relayed', () => isRelayed(tenantId));
    expect(logged('waiting did').filter((line) => line.endsWith(incidentId))).toHaveLength(1);
    const next = await incident(api, 'x');
    await until('the relay continues', () => logged(`steady did ${next}`).length > 0);
  });

  it('delays no tenant by a slow handler of another, whose order is kept', async () => {
    const [slow, other] = [await newTenant(server.url), await newTenant(server.url)];
    const unblock = await blockHandler('waits for long');
    const own: string[] = [await incident(slow.api, 'waits for long')];
    try {
      await until('the handler waits', () => logged(`waiting at ${own[0] ?? ''}`).length > 0);
      own.push(await incident(slow.api, 'waits for long'), await incident(slow.api, 'x'));
      for (let turn = 0; turn < 3; turn++) {
        const incidentId = await incident(other.api, 'x');
        await until(
          'the other tenant’s event is handled',
          () => logged(`steady did ${incidentId}`).length > 0,
        );
        await until('the other tenant’s log is relayed', () => isRelayed(other.tenantId));
      }
      // The slow tenant's handler still waits, and its later events are queued behind it.
      expect(logged('waiting did').filter((line) => own.some((id) => line.endsWith(id)))).toEqual([]);
      expect(server.log).not.toContain('Waiting failed on');
      expect(logged('steady did').filter((line) => own.slice(1).some((id) => line.includes(id)))).toEqual([]);
      const metrics = async () => (await new Api(server.url).get<string>('/metrics')).body;
      // The other one may be slow for a moment, too.
      await until('it alone is counted as slow', async () =>
        /^causeflow_tenants_held_up\{by="relay",reason="slow"\} 1$/m.test(await metrics()),
      );
      await until('no other tenant has events that wait', async () =>
        /^causeflow_relay_backlog_tenants 1$/m.test(await metrics()),
      );
      expect(server.log).toContain(`does not wait for ${slow.tenantId}`);
    } finally {
      await unblock();
    }
    await until('all events of the slow tenant are relayed', () => isRelayed(slow.tenantId));
    const doneIn = (prefix: string): string[] =>
      logged(prefix).flatMap((line) => own.filter((id) => line.includes(id)));
    expect(doneIn('steady did')).toEqual(own);
    expect(doneIn('waiting did')).toEqual(own.slice(0, 2));
  });

  it('delivers a tenant’s events in the order of its log, each once, also when they are relayed again', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const made = await Promise.all(
      Array.from({ length: 40 }, () =>
        api.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' }),
      ),
    );
    const ids = new Set(made.map(({ body }) => String(body['incidentId'])));
    const mine = (): string[] => logged('steady did').filter((line) => ids.has(line.split(' ')[2] ?? ''));
    await until('all are handled', () => mine().length === 40);

    await sql(
      server.database.url,
      'UPDATE event_stream SET relayed = 0 WHERE tenant_id = $1',
      [tenantId],
      tenantId,
    );
    await until('they were relayed again', () => isRelayed(tenantId));
    const order = mine().map((line) => Number(line.split(' at ')[1]));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).toHaveLength(40);
  });
});
