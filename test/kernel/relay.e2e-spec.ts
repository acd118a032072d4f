import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { AlertSender, newTenant } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ main: 'test/kernel/server-with-handlers.mjs' });
});
afterAll(() => server.stop());

const said = (what: string): string[] => server.log.split('\n').filter((line) => line.startsWith(what));

describe('the relay', () => {
  it('tells a handler again that failed, names it in the log, and lets nobody wait for it', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const { body } = await api.post('/v1/incidents', {
      title: 'fails twice',
      description: 'x',
      severity: 'info',
    });
    const incidentId = String(body['incidentId']);
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
    expect(server.log).not.toContain('The relay stumbled');
  });

  it('says what broke a pass, and takes it up again', async () => {
    const { api } = await newTenant(server.url);
    // Handlers wait for it, so that the claim of the pass has nothing to do meanwhile.
    const inTheWay = new pg.Client({ connectionString: server.database.url });
    await inTheWay.connect();
    try {
      await inTheWay.query('BEGIN; LOCK TABLE handled_places IN SHARE MODE');
      const { body } = await api.post('/v1/incidents', { title: 'x', description: 'x', severity: 'info' });
      const claim = await until('a handler waits', async () => {
        const [waits] = await sql(
          server.database.url,
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        const [idle] = await sql<{ pid: number }>(
          server.database.url,
          `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'
              AND query LIKE '%claim_streams_behind%'`,
        );
        return waits && idle;
      });
      await sql(server.database.url, 'SELECT pg_terminate_backend($1, 10000)', [claim.pid]);
      await inTheWay.query('ROLLBACK');
      await until('it complains', () => server.log.includes('Events cannot be relayed'));
      expect(server.log).toContain('terminating connection due to administrator command');
      expect(server.log).not.toContain('already released');
      await until('it goes on', () => said(`steady did ${String(body['incidentId'])}`).length > 0);
    } finally {
      await inTheWay.end();
    }
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
    await until('they were relayed again', async () => {
      const [stream] = await sql<{ done: boolean }>(
        server.database.url,
        'SELECT relayed = seq AS done FROM event_stream WHERE tenant_id = $1',
        [tenantId],
        tenantId,
      );
      return stream?.done;
    });
    const places = mine().map((line) => Number(line.split(' at ')[1]));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).toHaveLength(40);
  });
});
