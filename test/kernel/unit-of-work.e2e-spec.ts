import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { newTenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { applicationDataSource } from '#kernel/persistence/data-source';
import { DatabaseDownError } from '#kernel/persistence/database-errors';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

let database: TestDatabase;
/** A single connection, so that state left by one transaction would affect the next one. */
let source: DataSource;
let unitOfWork: UnitOfWork;
beforeAll(async () => {
  database = await cloneDatabase();
  source = await applicationDataSource({ url: database.url, poolSize: 1 }).initialize();
  unitOfWork = new UnitOfWork(source, new CommittedEvents());
});
afterAll(async () => {
  await source.destroy();
  await removeDatabase(database);
});

const backend = (): Promise<number | undefined> =>
  unitOfWork.run(newTenantId(), async ({ manager }) => {
    const [row] = await manager.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
    return row?.pid;
  });

it('fails with the error that broke its connection, also between two statements, and the next one works', async () => {
  const before = await backend();
  const failed: unknown = await unitOfWork
    .run(newTenantId(), async ({ manager }) => {
      await manager.query('SELECT');
      await sql(database.url, 'SELECT pg_terminate_backend($1)', [before]);
      await until('the break is noticed', () => manager.queryRunner?.isReleased);
      await manager.query('SELECT');
    })
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(DatabaseDownError);
  expect(failed).toHaveProperty('message', 'terminating connection due to administrator command');
  expect(await backend()).not.toBe(before);
});

it('fails with the error of its work, and releases its connection', async () => {
  const before = await backend();
  const fails = unitOfWork.run(newTenantId(), () => Promise.reject(new Error('no')));
  await expect(fails).rejects.toThrow('no');
  expect(await backend()).toBe(before);
});

it('refuses a statement of work that was not awaited, which would run in the next transaction', async () => {
  const tenantId = newTenantId();
  const late = await unitOfWork.run(tenantId, (transaction) => Promise.resolve(transaction));
  const statement = { name: 'whose', text: `SELECT current_setting('app.tenant_ids') AS whose` };
  await unitOfWork.run(newTenantId(), async (next) => {
    await expect(late.query(statement, [])).rejects.toThrow('has ended');
    expect(await next.query(statement, [])).toEqual([{ whose: next.tenantIds[0] }]);
  });
});

it('fails once when a migration has changed the result of a prepared statement, and the next one works', async () => {
  const changing = { name: 'changing', text: 'SELECT what FROM changing' };
  const ask = (): Promise<object[]> => unitOfWork.run(newTenantId(), ({ query }) => query(changing, []));
  await sql(
    database.url,
    'CREATE TABLE changing AS SELECT 1 AS what; GRANT SELECT ON changing TO causeflow_app',
  );
  expect(await ask()).toEqual([{ what: 1 }]);
  await sql(database.url, 'ALTER TABLE changing ALTER what TYPE text');
  await expect(ask()).rejects.toBeInstanceOf(DatabaseDownError);
  expect(await ask()).toEqual([{ what: '1' }]);
});
