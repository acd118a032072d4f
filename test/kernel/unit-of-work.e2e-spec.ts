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
/** A single connection, so that whatever one transaction leaves behind meets the next one. */
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

it('fails with what broke its connection, also when that was between two statements, and the next goes on', async () => {
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

it('fails with what its work throws, and gives its connection back', async () => {
  const before = await backend();
  const fails = unitOfWork.run(newTenantId(), () => Promise.reject(new Error('no')));
  await expect(fails).rejects.toThrow('no');
  expect(await backend()).toBe(before);
});

it('refuses a statement of who was not waited for: whose transaction is next on the connection is not hers', async () => {
  const tenantId = newTenantId();
  const late = await unitOfWork.run(tenantId, (transaction) => Promise.resolve(transaction));
  const statement = { name: 'whose', text: `SELECT current_setting('app.tenant_ids') AS whose` };
  await unitOfWork.run(newTenantId(), async (next) => {
    await expect(late.query(statement, [])).rejects.toThrow('has ended');
    expect(await next.query(statement, [])).toEqual([{ whose: next.tenantIds[0] }]);
  });
});

it('is refused once over a statement whose answer a migration has changed, and the next one knows the new schema', async () => {
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
