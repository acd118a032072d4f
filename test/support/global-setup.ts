import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';
import { migrate } from '#kernel/persistence/migrate';
import { createDatabase } from './database.js';

/**
 * One PostgreSQL for the whole run: `DATABASE_URL`'s, or one that is started here and thrown away. Its migrated template
 * is cloned for every server that a test starts.
 */
export default async function globalSetup(): Promise<void> {
  const given = process.env['DATABASE_URL'];
  const embedded = given ? undefined : await startThrowaway();
  Object.assign(globalThis, { stopTestPostgres: embedded?.stop });
  const server = given ?? embedded?.url ?? '';
  const template = await createDatabase(server, 'template');
  await migrate(template.url, [join(import.meta.dirname, '../../migrations')]);
  // Workers inherit the environment: the one thing that crosses from here to them.
  process.env['TEST_SERVER_URL'] = server;
  process.env['TEST_TEMPLATE'] = template.name;
  // A server under test must use what its test gives it, not what the developer's shell happens to hold.
  delete process.env['DATABASE_URL'];
}

async function startThrowaway(): Promise<{ url: string; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-test-'));
  const { url, stop } = await startEmbeddedPostgres({
    dataDir,
    // What a test stores need not survive a power cut. Kill tests end processes, which durability does not need.
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '400',
    },
  });
  return { url, stop: () => stop().finally(() => rmSync(dataDir, { recursive: true, force: true })) };
}
