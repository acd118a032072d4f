import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { newTenantId, type TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { type Transaction, UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentCreated } from '#modules/ingestion/events';
import { begin } from '../notifications/log-writer.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let source: DataSource;
let unitOfWork: UnitOfWork;
let grown: TenantId[];
let one: TenantId;
let two: TenantId;
let stranger: TenantId;
beforeAll(async () => {
  database = await cloneDatabase();
  source = await applicationDataSource({ url: database.url, poolSize: 4 }).initialize();
  const committed = new CommittedEvents();
  committed.onGrowth((tenantIds) => grown.push(...tenantIds));
  unitOfWork = new UnitOfWork(source, committed);
});
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});
beforeEach(async () => {
  grown = [];
  one = await tenantWithLog();
  two = await tenantWithLog();
  stranger = await tenantWithLog();
});

async function tenantWithLog(): Promise<TenantId> {
  const tenantId = newTenantId();
  await unitOfWork.query(tenantId, 'INSERT INTO event_stream (tenant_id) VALUES ($1)', [tenantId]);
  return tenantId;
}

const share = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
  unitOfWork.run([one, two], work);
const happened = (title: string): IncidentCreated =>
  new IncidentCreated({ incidentId: 'inc_x', title, severity: 'low', status: 'open', source: 'manual' });
const logOf = (tenantId: TenantId): Promise<object[]> =>
  sql(
    database.url,
    `SELECT seq::int, data->>'title' AS title FROM events WHERE tenant_id = $1 ORDER BY seq`,
    [tenantId],
    tenantId,
  );

describe('a transaction of several tenants', () => {
  it('sees the rows of these tenants only, and writes for no other tenant', async () => {
    const seen = await share(({ manager }) => manager.query('SELECT tenant_id FROM event_stream ORDER BY 1'));
    expect(seen).toEqual([{ tenant_id: one }, { tenant_id: two }]);
    const write = share(({ manager }) =>
      manager.query(`INSERT INTO handled_places (tenant_id, effect, places) VALUES ($1, 'e', '{}')`, [
        stranger,
      ]),
    );
    await expect(write).rejects.toThrow(/row-level security/);
  });

  it('is joined by work for each of these tenants, and refuses work for another', async () => {
    const seen = await share(() =>
      unitOfWork.query(two, 'SELECT FROM event_stream WHERE tenant_id = $1', [two]),
    );
    expect(seen).toHaveLength(1);
    for (const others of [stranger, [one, stranger]])
      await expect(share(() => unitOfWork.query(others, 'SELECT'))).rejects.toThrow('not begun for');
  });

  it('appends to each log the events of its tenant, in order, and announces which logs have grown', async () => {
    await share((transaction) => {
      transaction.append(two, [happened('a')]);
      transaction.append(one, [happened('b'), happened('c')]);
      transaction.append(two, [happened('d')]);
      return Promise.resolve();
    });
    expect(await logOf(one)).toEqual([
      { seq: 1, title: 'b' },
      { seq: 2, title: 'c' },
    ]);
    expect(await logOf(two)).toEqual([
      { seq: 1, title: 'a' },
      { seq: 2, title: 'd' },
    ]);
    expect(await logOf(stranger)).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(grown).toEqual([one, two]);
  });

  it('stores nothing for any of the tenants when it fails', async () => {
    const fails = share(async (transaction) => {
      transaction.append(one, [happened('a')]);
      await unitOfWork.query(two, 'UPDATE event_stream SET relayed = 5 WHERE tenant_id = $1', [two]);
      throw new Error('no');
    });
    await expect(fails).rejects.toThrow('no');
    expect(await logOf(one)).toEqual([]);
    const moved = await unitOfWork.query(two, 'SELECT FROM event_stream WHERE relayed = 5');
    expect([moved, grown]).toEqual([[], []]);
  });

  it('fails instead of waiting when another transaction holds a lock on a row of one of them', async () => {
    const other = await begin(database.url, two);
    try {
      await other.query('SELECT FROM event_stream FOR UPDATE');
      const waits = share(({ manager }) => manager.query('UPDATE event_stream SET relayed = 5'));
      await expect(waits).rejects.toMatchObject({ code: '55P03' });
    } finally {
      await other.end();
    }
    await share(({ manager }) => manager.query('UPDATE event_stream SET relayed = 5'));
  });

  it('leaves no lock time-out behind for later transactions of its connection', async () => {
    await share(() => Promise.resolve());
    for (let n = 0; n < 4; n += 1) {
      const [found] = await unitOfWork.run(one, ({ manager }) => manager.query('SHOW lock_timeout'));
      expect(found).toEqual({ lock_timeout: '0' });
    }
  });
});
