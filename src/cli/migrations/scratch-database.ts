import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';

/** Creates an empty database for `work` and drops it afterwards, on the given server or on a temporary one. */
export async function withScratchDatabase<T>(
  server: string | undefined,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (server !== undefined) return onServer(server, work);
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-scratch-'));
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const embedded = await startEmbeddedPostgres({ dataDir, settings });
  try {
    return await work(embedded.url);
  } finally {
    await embedded.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function onServer<T>(server: string, work: (url: string) => Promise<T>): Promise<T> {
  const name = `causeflow_scratch_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
    const url = new URL(server);
    url.pathname = `/${name}`;
    return await work(url.href);
  } finally {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.end();
  }
}
