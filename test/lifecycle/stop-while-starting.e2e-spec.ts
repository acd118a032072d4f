import { chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { cloneDatabase, removeDatabase, sql } from '../support/database.js';
import { startEmbedded } from '../support/embedded-server.js';
import { type Running, startProgram } from '../support/program.js';
import { SECRETS, TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** Programs that work in a folder or below it, as those of PostgreSQL do. */
function programsIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false; // it has just ended
    }
  });
}

describe('a server that gets SIGTERM before it is ready', () => {
  const inLinux = process.platform === 'linux' ? it : it.skip;
  let folder: string;
  let dataDir: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeflow-starting-'));
    // For PostgreSQL, which does not run as root.
    chmodSync(folder, 0o711);
    dataDir = join(folder, 'data');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const begin = (env: Record<string, string>): Running =>
    startProgram('dist/main.js', [], { PORT: '0', HOST: '127.0.0.1', ...env });

  inLinux.each<[string, () => boolean]>([
    ['initdb works', () => readdirSync(dataDir).some((name) => name.startsWith('initdb-'))],
    ['PostgreSQL comes up', () => existsSync(join(dataDir, 'postgres', 'postmaster.pid'))],
  ])('ends at once while %s, leaves nothing running, and starts the next time', async (what, isUnderWay) => {
    const { child, ended } = begin({ DATA_DIR: dataDir });
    await until(what, () => existsSync(dataDir) && isUnderWay());
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({
      code: 0,
      output: expect.stringContaining('Stopping on SIGTERM'),
    });
    await until('PostgreSQL has ended along', () => programsIn(folder).length === 0);
    expect(await (await startEmbedded(dataDir)).stop()).toBe(0);
  });

  inLinux('a program beside it ends at once, too, with the PostgreSQL that it started', async () => {
    const { child, ended } = startProgram('dist/cli/seed.js', ['--incidents', '1000000'], {
      DATA_DIR: dataDir,
    });
    await until('it is at work', () => existsSync(join(dataDir, 'postgres', 'postmaster.pid')));
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
    await until('PostgreSQL has ended along', () => programsIn(folder).length === 0);
  });

  it('ends at once while another replica migrates', async () => {
    const database = await cloneDatabase();
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    try {
      await other.query(`SELECT pg_advisory_lock(hashtext('causeflow.migrate'))`);
      const { child, ended } = begin({ ...SECRETS, DATABASE_URL: database.url });
      const waiting = `SELECT FROM pg_stat_activity WHERE application_name = 'causeflow-migrations'
        AND datname = current_database() AND wait_event = 'advisory'`;
      await until('it waits', async () => (await sql(database.url, waiting)).length > 0);
      child.kill('SIGINT');
      expect((await ended).code).toBe(0);
    } finally {
      await other.end();
    }
    await (await TestServer.start({ database })).stop();
    await removeDatabase(database);
  });
});
