import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { catalogOf, differences } from './catalog.js';

/**
 * Runs every migration, reverts them one by one, and runs them again.
 * @returns one sentence for each thing that a down step left behind or removed too much of, for each that the second run created
 *   differently from the first, and for each tenant's table without row-level security
 */
export async function upDownUp(source: DataSource): Promise<string[]> {
  const { migrations } = source;
  const runner = source.createQueryRunner();
  const faults: string[] = [];
  const step = async (migration: MigrationInterface, way: 'up' | 'down'): Promise<string[]> => {
    await inTransaction(runner, migration, way);
    return catalogOf(runner);
  };
  try {
    const states = [await catalogOf(runner)];
    for (const migration of migrations) states.push(await step(migration, 'up'));
    for (const [at, migration] of [...migrations.entries()].reverse()) {
      const off = differences(states[at] ?? [], await step(migration, 'down'));
      faults.push(...off.map((line) => `${nameOf(migration)}, down: ${line}`));
    }
    for (const [at, migration] of migrations.entries()) {
      const off = differences(states[at + 1] ?? [], await step(migration, 'up'));
      faults.push(...off.map((line) => `${nameOf(migration)}, up again: ${line}`));
    }
    faults.push(...(await openTables(runner)));
  } catch (error) {
    if (!(error instanceof FailedStep)) throw error;
    // Later steps cannot be checked; earlier faults may be the cause.
    faults.push(error.message);
  } finally {
    await runner.release();
  }
  return faults;
}

class FailedStep extends Error {}

async function inTransaction(
  runner: QueryRunner,
  migration: MigrationInterface,
  way: 'up' | 'down',
): Promise<void> {
  await runner.startTransaction();
  try {
    await migration[way](runner);
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw new FailedStep(`${nameOf(migration)}, ${way}: ${(error as Error).message}`);
  }
}

function nameOf(migration: MigrationInterface): string {
  return migration.name ?? migration.constructor.name;
}

/** Tables with tenants' rows that lack `isolate_by_tenant`. The application cannot access partitions directly. */
async function openTables(runner: QueryRunner): Promise<string[]> {
  const rows = (await runner.query(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`,
  )) as { name: string }[];
  return rows.map(({ name }) => `${name} holds rows of tenants and no policy keeps them apart`);
}
