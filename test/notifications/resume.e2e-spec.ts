import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Id } from '#kernel/domain/ids';
import { seqOf } from '#kernel/events/event-id';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, dropDatabase, sql, type TestDatabase } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { untilIdle } from '../support/idle.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { append, begin, newIncidentId, publishedIds } from './log-writer.js';
import { RawStream } from './raw-stream.js';

let server: TestServer;
let replica: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
  replica = await TestServer.start({ database: server.database });
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});

const idsOf = ({ frames }: EventStream): (string | undefined)[] => frames.map(({ id }) => id);
const at = ({ url }: TestServer, { api }: TenantUser): Api => new Api(url, api.token);

describe('a client that reconnects', () => {
  it('receives the log in order, for any order of commits and any point of reconnection', async () => {
    const tenant = await newTenant(server.url);
    const other = await newTenant(server.url);
    let writing = true as boolean;
    // Transactions that commit in another order than they began, and the product's own.
    const writers = [
      ...Array.from({ length: 6 }, async (_, writer) => {
        for (let turn = 0; turn < 25; turn++) {
          const facts = Array.from({ length: 1 + (turn % 4) }, () => ({}));
          await append(server.database, writer % 3 ? tenant.tenantId : other.tenantId, facts, {
            pause: (writer * turn) % 17,
            silent: turn % 5 === 0,
          });
        }
      }),
      ...[server, replica].map(async (its) => {
        for (let turn = 0; turn < 25; turn++) {
          const answer = await at(its, tenant).post('/v1/incidents', {
            title: `no. ${turn}`,
            description: 'x',
          });
          expect(answer.status).toBe(201);
        }
      }),
    ];
    void Promise.allSettled(writers).then(() => (writing = false));

    const seen: (string | undefined)[] = [];
    for (let turn = 0; turn < 20 || writing; turn++) {
      const stream = await EventStream.open(
        at(turn % 2 ? replica : server, tenant),
        turn % 3 ? `?lastEventId=${seen.at(-1) ?? '0'}` : '',
        turn % 3 ? {} : { 'last-event-id': seen.at(-1) ?? '0' },
      );
      // Sometimes in the middle of its replay, sometimes long after it went live.
      const enough = 1 + ((turn * 7) % 23);
      await until('it has read some events', () => stream.frames.length >= enough || !writing);
      stream.close();
      seen.push(...idsOf(stream));
    }
    await Promise.all(writers);
    await untilIdle(server.database, tenant.tenantId);
    const published = await publishedIds(server.database, tenant.tenantId);
    const last = await EventStream.open(tenant.api, `?lastEventId=${seen.at(-1) ?? '0'}`);
    await until('it has read everything', () => seen.length + last.frames.length >= published.length);
    last.close();
    expect([...seen, ...idsOf(last)]).toEqual(published);
    expect(published.length).toBeGreaterThan(300);
  });

  it('replays many pages and then goes live, under every filter', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = newIncidentId();
    const facts = Array.from({ length: 1_700 }, (_, n) => ({
      type: n % 100 === 0 ? 'remediation.proposed' : 'incident.created',
      ...(n % 3 === 0 && { incidentId }),
    }));
    await append(server.database, tenant.tenantId, facts);
    const queries = ['', '&events=remediation.*', '&events=incident.*,tenant.*', `&incidentId=${incidentId}`];
    const streams = await Promise.all(
      queries.map((query) => EventStream.open(tenant.api, `?lastEventId=0${query}`)),
    );
    // The log keeps growing while they catch up.
    for (let n = 0; n < 20; n++) {
      await append(server.database, tenant.tenantId, [{}, { type: 'remediation.proposed', incidentId }]);
    }
    const published = await publishedIds(server.database, tenant.tenantId);
    const expected = [
      published,
      await publishedIds(server.database, tenant.tenantId, ['remediation.proposed']),
      await publishedIds(server.database, tenant.tenantId, ['incident.created', 'tenant.created']),
      (
        await sql<{ id: string }>(
          server.database.url,
          'SELECT id FROM events WHERE tenant_id = $1 AND incident_id = $2 ORDER BY seq',
          [tenant.tenantId, incidentId],
          tenant.tenantId,
        )
      ).map(({ id }) => id),
    ];
    await until('all came', () =>
      streams.every(({ frames }, n) => frames.length >= (expected[n]?.length ?? 0)),
    );
    expect(streams.map(idsOf)).toEqual(expected);
    for (const stream of streams) stream.close();
  });

  it('is sent the same bytes as live clients', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = newIncidentId();
    const queries = ['', 'events=incident.*', `incidentId=${incidentId}`];
    const live = await Promise.all(queries.map((query) => RawStream.open(tenant.api, query)));
    const odd = { text: 'a\r\n\u001e\u2028 “b” 🙂 \\', empty: {}, list: [1.5e-7, null] };
    for (let n = 0; n < 20; n++) {
      const fact = { incidentId, ...(n % 2 && { data: { n, ...odd } }) };
      const published = Array.from({ length: 30 }, () => fact);
      const facts = [...published, { type: 'incident.severity_changed', incidentId }];
      await append(server.database, tenant.tenantId, facts, n % 3 ? {} : { space: '\r\n' });
    }
    await until('all arrived live', () => live.every(({ frames }) => frames.length === 600));
    const resumed = await Promise.all(
      queries.map((query) => RawStream.open(tenant.api, `lastEventId=0&${query}`)),
    );
    await until('all were replayed', () => resumed.every(({ frames }) => frames.length >= 600));
    for (const stream of [...live, ...resumed]) stream.close();
    expect(resumed.map(({ frames }) => frames.slice(-600))).toEqual(live.map(({ frames }) => frames));
    expect(live[0]?.frames[1]).toMatch(/^id: evt_\w+\nevent: incident.created\ndata: [^\r\n]+$/);
  });

  it('is sent stream.truncated and everything from the oldest event when its last id is not in the kept log', async () => {
    const tenant = await newTenant(server.url);
    await append(server.database, tenant.tenantId, [{}, {}]);
    const [first = '', second = '', ...rest] = await publishedIds(server.database, tenant.tenantId);
    const unknown = `evt_${newIncidentId().slice(4)}`;
    for (const lastEventId of [unknown, 'nonsense', '-1', '00', 'evt_', tenant.tenantId]) {
      const stream = await EventStream.open(tenant.api, `?lastEventId=${encodeURIComponent(lastEventId)}`);
      await until(`all came after ${lastEventId}`, () => stream.frames.length >= 5);
      stream.close();
      expect(stream.frames[0]).toEqual({
        id: undefined,
        event: 'stream.truncated',
        data: { oldestEventId: first },
      });
      expect(idsOf(stream).slice(1)).toEqual([first, second, ...rest]);
    }

    // Events past the retention period do not count, even while their partition still exists.
    await sql(
      server.database.url,
      `UPDATE events SET occurred_at = date_trunc('month', now() - interval '20 days', 'UTC') WHERE tenant_id = $1 AND id = $2`,
      [tenant.tenantId, first],
      tenant.tenantId,
    );
    await tenant.api.patch(`/v1/tenants/${tenant.tenantId}`, { settings: { retentionDays: { events: 1 } } });
    const expired = await EventStream.open(tenant.api, `?lastEventId=${first}`);
    expect((await expired.waitFor('tenant.updated')).event).toBe('tenant.updated');
    expired.close();
    expect(expired.frames[0]?.data).toEqual({ oldestEventId: second });
    expect(idsOf(expired).slice(1, -1)).toEqual([second, ...rest]);
  });

  it('resumes from an id that contains its sequence number, and from no other', async () => {
    const tenant = await newTenant(server.url);
    await append(server.database, tenant.tenantId, [{}, {}, {}]);
    const ids = await publishedIds(server.database, tenant.tenantId);
    expect(ids.map((id) => seqOf(id as Id<'evt'>))).toEqual(ids.map((_, n) => n + 1));
    const [first = '', , third = ''] = ids;
    const answer = async (lastEventId: string): Promise<(string | undefined)[]> => {
      const stream = await EventStream.open(tenant.api, `?lastEventId=${lastEventId}`);
      await until('the rest came', () => idsOf(stream).at(-1) === ids.at(-1));
      stream.close();
      return stream.frames.map(({ id, event }) => id ?? event);
    };
    expect(await answer(third)).toEqual(ids.slice(3));
    // One id contains the sequence number of another event; the other id exists, but contains none.
    const mismatched = first.slice(0, 14) + third.slice(14);
    const unnumbered = `evt_01HX9VTPQR${'0'.repeat(16)}`;
    expect([seqOf(mismatched as Id<'evt'>), seqOf(unnumbered as Id<'evt'>)]).toEqual([3, 0]);
    await sql(
      server.database.url,
      'UPDATE events SET id = $3 WHERE tenant_id = $1 AND seq = $2',
      [tenant.tenantId, 2, unnumbered],
      tenant.tenantId,
    );
    for (const unknown of [mismatched, unnumbered])
      expect(await answer(unknown)).toEqual(['stream.truncated', first, unnumbered, ...ids.slice(2)]);
  });

  it('resumes from its header rather than from its query parameter', async () => {
    const tenant = await newTenant(server.url);
    const [first = '', second] = await publishedIds(server.database, tenant.tenantId);
    const stream = await EventStream.open(tenant.api, '?lastEventId=0', { 'last-event-id': first });
    await stream.waitFor('user.created');
    stream.close();
    expect(idsOf(stream)).toEqual([second]);
  });
});

describe('a long write transaction', () => {
  it('does not hold the stream back, in this database or in another one', async () => {
    const [tenant, busy] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
    const elsewhere = await cloneDatabase();
    const open = await Promise.all([
      begin(server.database.url, tenant.tenantId),
      begin(server.database.url, busy.tenantId),
      begin(elsewhere.url, tenant.tenantId),
    ]);
    // One of them even holds the lock on its own tenant's log, right before its commit.
    await open[1].query('SELECT append_events($1)', [
      JSON.stringify([
        {
          tenantId: busy.tenantId,
          id: `evt_${newIncidentId().slice(4)}`,
          type: 'incident.created',
          data: {},
        },
      ]),
    ]);
    const stream = await EventStream.open(tenant.api);
    const far = await EventStream.open(at(replica, tenant));
    await append(server.database, tenant.tenantId, [{}], { silent: true });
    await Promise.all([stream.waitFor('incident.created'), far.waitFor('incident.created')]);
    for (const client of open) {
      await client.query('COMMIT');
      await client.end();
    }
    await dropDatabase(server.database.url, elsewhere.name);
    stream.close();
    far.close();
  });
});

describe('a dump restored into a new server', () => {
  it('resumes from the ids that clients kept', async () => {
    const tenant = await newTenant(server.url);
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        append(server.database, tenant.tenantId, [{}, {}], { pause: n % 5 }),
      ),
    );
    const published = await publishedIds(server.database, tenant.tenantId);

    const copy = await cloneDatabase();
    for (const table of ['tenants', 'users', 'event_stream', 'events'])
      await copyRows(table, tenant.tenantId, copy);
    const restored = await TestServer.start({ database: copy });
    const stream = await EventStream.open(at(restored, tenant), `?lastEventId=${published[10] ?? ''}`);
    await at(restored, tenant).patch(`/v1/tenants/${tenant.tenantId}`, { name: 'Restored' });
    await stream.waitFor('tenant.updated');
    expect(idsOf(stream).slice(0, -1)).toEqual(published.slice(11));
    expect(stream.frames.at(-1)?.event).toBe('tenant.updated');
    stream.close();
    await restored.stop();
    await dropDatabase(server.database.url, copy.name);
  });
});

/** Copies rows in reverse order, so that their order on disk cannot help. */
async function copyRows(table: string, tenantId: string, to: TestDatabase): Promise<void> {
  const [from] = await sql<{ rows: object[] | null }>(
    server.database.url,
    `SELECT json_agg(t ORDER BY t.ctid DESC) AS rows FROM ${table} t WHERE tenant_id = $1`,
    [tenantId],
    tenantId,
  );
  const [columns] = await sql<{ names: string }>(
    to.url,
    `SELECT string_agg(quote_ident(attname), ', ') AS names FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
    [table],
  );
  const names = columns?.names ?? '';
  await sql(
    to.url,
    `INSERT INTO ${table} (${names}) SELECT ${names} FROM json_populate_recordset(NULL::${table}, $1)`,
    [JSON.stringify(from?.rows ?? [])],
    tenantId,
  );
}
