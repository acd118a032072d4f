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
  // Jest's workers inherit the environment and nothing else.
  process.env['TEST_SERVER_URL'] = server;
  process.env['TEST_TEMPLATE'] = template.name;
  // A server under test must use the settings of its test, not the developer's environment.
  delete process.env['DATABASE_URL'];
}

async function startThrowaway(): Promise<{ url: string; stop: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-test-'));
  const { url, stop } = await startEmbeddedPostgres({
    dataDir,
    // Test data need not survive a power cut. Kill tests end processes only, for which fsync is not needed.
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '400',
    },
  });
  return { url, stop: () => stop().finally(() => rmSync(dataDir, { recursive: true, force: true })) };
}
