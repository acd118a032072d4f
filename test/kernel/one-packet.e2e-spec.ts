import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { DatabaseDownError, isDataFault, isUniqueViolation } from '#kernel/persistence/database-errors';
import { inOnePacket } from '#kernel/persistence/one-packet';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const ONE = 'ten_01HX9VTPQR3KF8MZWBYD5N6JC1' as TenantId;
const TWO = 'ten_01HX9VTPQR3KF8MZWBYD5N6JC2' as TenantId;
const HOUR_MS = 3_600_000;
const INSERT = `INSERT INTO handled_places (tenant_id, effect, places) VALUES ($1, $2, '{}')`;
const SELECT = { text: 'SELECT tenant_id, effect FROM handled_places ORDER BY 1, 2' };

let database: TestDatabase;
/** A single connection, so that state left by one statement would affect the next one. */
let source: DataSource;
beforeAll(async () => {
  database = await cloneDatabase();
  source = await applicationDataSource({ url: database.url, poolSize: 1 }).initialize();
});
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});
beforeEach(() => sql(database.url, 'TRUNCATE handled_places'));

const handled = (tenantId: TenantId, effect: string, name?: string): Promise<object[]> =>
  inOnePacket(source, [tenantId], { ...(name && { name }), text: INSERT, values: [tenantId, effect] });
const selectFor = (...tenantIds: TenantId[]): Promise<object[]> => inOnePacket(source, tenantIds, SELECT);
const backend = async (): Promise<number | undefined> =>
  (await inOnePacket<{ pid: number }>(source, [ONE], { text: 'SELECT pg_backend_pid() AS pid' }))[0]?.pid;

describe('one statement in one packet', () => {
  it('sees the rows of the tenants it is bound to and no others, on one connection', async () => {
    await handled(ONE, 'a');
    await handled(TWO, 'b');
    const [a, b] = [
      { tenant_id: ONE, effect: 'a' },
      { tenant_id: TWO, effect: 'b' },
    ];
    expect([
      await selectFor(ONE),
      await selectFor(TWO),
      await selectFor(ONE, TWO),
      await selectFor(),
    ]).toEqual([[a], [b], [a, b], []]);
    await expect(inOnePacket(source, [ONE], { text: INSERT, values: [TWO, 'c'] })).rejects.toThrow(
      /row-level security/,
    );
  });

  it('leaves no tenant bound when it ends, successful or not', async () => {
    const bound = (): Promise<unknown> =>
      source.query(`SELECT current_setting('app.tenant_ids', true) AS ids`);
    await handled(ONE, 'a');
    expect(await bound()).toEqual([{ ids: '' }]);
    expect(await source.query(SELECT.text)).toEqual([]);
    await expect(handled(ONE, 'a')).rejects.toThrow();
    expect(await bound()).toEqual([{ ids: '' }]);
  });

  it('returns the rows of any statement, and none for one without rows', async () => {
    expect(await inOnePacket(source, [ONE], { text: `SELECT 1 AS one WHERE false` })).toEqual([]);
    expect(await inOnePacket(source, [ONE], { text: `UPDATE handled_places SET effect = 'x'` })).toEqual([]);
    expect(
      await inOnePacket(source, [ONE], { text: `${INSERT} RETURNING effect`, values: [ONE, 'a'] }),
    ).toEqual([{ effect: 'a' }]);
  });

  it('resolves only after the commit: a failure at COMMIT rejects, and nothing is stored', async () => {
    await sql(
      database.url,
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'not at the commit' USING ERRCODE = '23514'; END $$`,
    );
    await sql(
      database.url,
      `CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON handled_places DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    try {
      const refused = await handled(ONE, 'late').catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: '23514', message: 'not at the commit' });
      expect(isDataFault(refused)).toBe(true);
    } finally {
      await sql(database.url, 'DROP FUNCTION refuse() CASCADE');
    }
    expect(await selectFor(ONE)).toEqual([]);
    await handled(ONE, 'late');
    expect(await selectFor(ONE)).toHaveLength(1);
  });

  it('fails with PostgreSQL’s own error, and the connection and its prepared statements stay usable', async () => {
    const before = await backend();
    await handled(ONE, 'a', 'handle');
    const twice = await handled(ONE, 'a', 'handle').catch((error: unknown) => error);
    expect([isUniqueViolation(twice), isDataFault(twice)]).toEqual([true, true]);
    await expect(inOnePacket(source, [ONE], { text: 'SELECT nonsense' })).rejects.toMatchObject({
      code: '42703',
    });
    await expect(
      inOnePacket(source, [ONE], { name: 'wrong', text: 'SELECT * FROM nowhere' }),
    ).rejects.toMatchObject({ code: '42P01' });
    await expect(
      inOnePacket(source, [ONE], { name: 'wrong', text: 'SELECT * FROM nowhere' }),
    ).rejects.toMatchObject({ code: '42P01' });
    await handled(ONE, 'b', 'handle');
    expect(await selectFor(ONE)).toHaveLength(2);
    expect(await backend()).toBe(before);
  });

  it('fails once when a migration has changed its result, and the next one works', async () => {
    const asksByName = (): Promise<object[]> =>
      inOnePacket(source, [ONE], { name: 'changing', text: 'SELECT what FROM changing' });
    await sql(
      database.url,
      'CREATE TABLE changing AS SELECT 1 AS what; GRANT SELECT ON changing TO causeflow_app',
    );
    const before = await backend();
    expect(await asksByName()).toEqual([{ what: 1 }]);
    await sql(database.url, 'ALTER TABLE changing ALTER what TYPE text');
    const refused: unknown = await asksByName().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DatabaseDownError);
    expect(refused).toHaveProperty('message', expect.stringContaining('cached plan'));
    expect(await asksByName()).toEqual([{ what: '1' }]);
    expect(await backend()).not.toBe(before);
  });

  it('fails when its tenants cannot be bound, and the connection stays usable', async () => {
    const unbindable = 'ten_\0' as TenantId;
    await expect(selectFor(unbindable)).rejects.toMatchObject({
      code: expect.stringMatching(/^(08P01|22021)$/),
    });
    expect(await selectFor(ONE)).toEqual([]);
  });

  it('fails when its connection breaks, and the next connection prepares its statements again', async () => {
    await handled(ONE, 'a', 'handle');
    const before = await backend();
    const waiting = inOnePacket(source, [ONE], { text: 'SELECT pg_sleep(60)' }).catch(
      (error: unknown) => error,
    );
    await until('it runs', async () => {
      const running = await sql(
        database.url,
        `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND pid = $1`,
        [before],
      );
      return running.length > 0;
    });
    await sql(database.url, 'SELECT pg_terminate_backend($1)', [before]);
    expect(await waiting).toBeInstanceOf(DatabaseDownError);
    await handled(ONE, 'b', 'handle');
    expect(await selectFor(ONE)).toHaveLength(2);
    expect(await backend()).not.toBe(before);
  });

  it('times out when PostgreSQL has vanished silently, and the next one works when it is back', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    const url = new URL(database.url);
    const proxy = await CuttableProxy.to(Number(url.port));
    url.port = String(proxy.port);
    const far = await applicationDataSource({ url: url.href, poolSize: 1 }).initialize();
    const ask = (): Promise<object[]> => inOnePacket(far, [ONE], { text: 'SELECT 1 AS one' });
    try {
      expect(await ask()).toEqual([{ one: 1 }]);
      proxy.cut();
      const failure = ask().catch((error: unknown) => error);
      while (proxy.swallowed === 0) await new Promise((resolve) => setImmediate(resolve));
      jest.advanceTimersByTime(HOUR_MS);
      expect(await failure).toBeInstanceOf(DatabaseDownError);
      proxy.heal();
      expect(await ask()).toEqual([{ one: 1 }]);
    } finally {
      jest.useRealTimers();
      await far.destroy();
      await proxy.stop();
    }
  });
});
