import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { migrate } from '#kernel/persistence/migrate';
import { cloneDatabase, removeDatabase } from '../support/database.js';

const LOSE_THE_LOCK = `
  SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_database ON oid = database
   WHERE locktype = 'advisory' AND datname = current_database();`;

it('a migration that fails is told by its own error, though the lock was lost, and the next run is not locked out', async () => {
  const database = await cloneDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-migrate-'));
  const put = (up: string): void =>
    writeFileSync(join(folder, '1700000000000-step.sql'), `-- up\n${up}\n-- down\n`);
  try {
    put(`${LOSE_THE_LOCK} SELECT 1 / 0;`);
    await expect(migrate(database.url, [folder])).rejects.toThrow('division by zero');
    put('SELECT 1;');
    expect(await migrate(database.url, [folder])).toEqual(['step1700000000000']);
  } finally {
    rmSync(folder, { recursive: true });
    await removeDatabase(database);
  }
});
