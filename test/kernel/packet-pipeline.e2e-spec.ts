import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { DatabaseDownError, isUniqueViolation } from '#kernel/persistence/database-errors';
import { inOnePacket, PacketPipeline } from '#kernel/persistence/one-packet';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const ONE = 'ten_01HX9VTPQR3KF8MZWBYD5N6JC1' as TenantId;
const TWO = 'ten_01HX9VTPQR3KF8MZWBYD5N6JC2' as TenantId;
const LOCK = 4_711;
const INSERT = `INSERT INTO handled_places (tenant_id, effect, places) VALUES ($1, $2, '{}')`;
const SELECT = { text: 'SELECT tenant_id, effect FROM handled_places ORDER BY 1, 2' };
const BLOCKED = { text: 'SELECT pg_advisory_xact_lock($1)', values: [LOCK] };

let database: TestDatabase;
let source: DataSource;
let pipeline: PacketPipeline;
beforeAll(async () => {
  database = await cloneDatabase();
  source = await applicationDataSource({ url: database.url, poolSize: 1 }).initialize();
});
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});
beforeEach(async () => {
  await sql(database.url, 'TRUNCATE handled_places');
  pipeline = new PacketPipeline(source);
});

/** Takes the lock that `BLOCKED` waits for. */
async function takeLock(): Promise<{ pid: number; release: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  const text = 'SELECT pg_advisory_lock($1), pg_backend_pid() AS pid';
  const { rows } = await client.query<{ pid: number }>(text, [LOCK]);
  return { pid: rows[0]?.pid ?? 0, release: () => client.end() };
}
const handle = (tenantId: TenantId, effect: string): Promise<object[]> =>
  pipeline.run([tenantId], { text: INSERT, values: [tenantId, effect] });
const blockedBackend = (): Promise<number> =>
  until('it waits for the lock', async () => {
    const [waiting] = await sql<{ pid: number }>(
      database.url,
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted`,
      [LOCK],
    );
    return waiting?.pid;
  });

describe('a pipeline of packets', () => {
  it('lets PostgreSQL run the next statement without this process, which is busy when the first one ends', async () => {
    const { pid } = await takeLock();
    const answers = Promise.all([pipeline.run([ONE], BLOCKED), handle(ONE, 'next')]);
    await blockedBackend();
    // Nothing else happens in this process until that one has seen the row.
    const script = ['--input-type=module', '-e', UNTIL_STORED, database.url, String(pid), ONE];
    const { status, stderr } = spawnSync(process.execPath, script, { timeout: 60_000, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect((await answers)[1]).toEqual([]);
  });

  it('binds each statement to its own tenants', async () => {
    const [a, b] = [
      { tenant_id: ONE, effect: 'a' },
      { tenant_id: TWO, effect: 'b' },
    ];
    await Promise.all([handle(ONE, 'a'), handle(TWO, 'b')]);
    const bound = [[ONE], [TWO], [], [ONE, TWO]];
    const answers = await Promise.all(bound.map((tenantIds) => pipeline.run(tenantIds, SELECT)));
    expect(answers).toEqual([[a], [b], [], [a, b]]);
  });

  it('stores the others when one fails, and returns its connection', async () => {
    const [first, again, other] = await Promise.allSettled(
      ['a', 'a', 'b'].map((effect) => handle(ONE, effect)),
    );
    expect([first?.status, again?.status, other?.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(isUniqueViolation((again as PromiseRejectedResult).reason)).toBe(true);
    expect(await inOnePacket(source, [ONE], SELECT)).toHaveLength(2);
  });

  it('leaves a connection to others although it never pauses', async () => {
    let isOver = false;
    // Slow enough for one of them to be under way whenever the other one ends.
    const slow = { text: 'SELECT pg_sleep(0.005)' };
    const series = [1, 2].map(async () => {
      while (!isOver) await pipeline.run([ONE], slow);
    });
    try {
      for (let n = 0; n < 3; n += 1) expect(await inOnePacket(source, [TWO], SELECT)).toEqual([]);
    } finally {
      isOver = true;
      await Promise.all(series);
    }
  });

  it('fails all that are under way when the connection breaks, and the next one has another', async () => {
    const { release } = await takeLock();
    const outcomes = Promise.allSettled([pipeline.run([ONE], BLOCKED), handle(ONE, 'lost')]);
    await sql(database.url, 'SELECT pg_terminate_backend($1)', [await blockedBackend()]);
    expect(await outcomes).toEqual(FAILED_TWICE);
    await handle(ONE, 'kept');
    expect(await pipeline.run([ONE], SELECT)).toEqual([{ tenant_id: ONE, effect: 'kept' }]);
    await release();
  });

  it('fails when there is no connection, and works once there is one', async () => {
    const late = applicationDataSource({ url: database.url, poolSize: 1 });
    const other = new PacketPipeline(late);
    expect(await Promise.allSettled([1, 2].map(() => other.run([ONE], SELECT)))).toEqual([
      { status: 'rejected', reason: expect.any(Error) },
      { status: 'rejected', reason: expect.any(Error) },
    ]);
    await late.initialize();
    expect(await other.run([ONE], SELECT)).toEqual([]);
    await late.destroy();
  });
});

const FAILED_TWICE = [1, 2].map(() => ({ status: 'rejected', reason: expect.any(DatabaseDownError) }));

/** Ends the session that holds the lock, then waits for the row. */
const UNTIL_STORED = `
import pg from 'pg';
const [url, holder, tenantId] = process.argv.slice(1);
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query("SELECT set_config('app.tenant_ids', $1, false)", [tenantId]);
await client.query('SELECT pg_terminate_backend($1)', [holder]);
while ((await client.query('SELECT FROM handled_places')).rowCount === 0);
await client.end();
`;
