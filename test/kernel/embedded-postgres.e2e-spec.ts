import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/kernel/persistence/embedded-postgres.js';
import { kill, query, startApplication, type Application } from './application-with-a-database.js';

const isRoot = process.getuid?.() === 0;

describe('the embedded PostgreSQL', () => {
  let root: string;
  let dataDir: string;
  let sharedDir: string;
  let applications: Application[];

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'embedded-postgres-')));
    chmodSync(root, 0o755);
    dataDir = join(root, 'data');
    sharedDir = join(root, 'shared');
    applications = [];
  });

  afterEach(async () => {
    await Promise.all(applications.map(kill));
    // A server that a test left running is adopted once more, to stop it.
    for (const dir of readdirSync(root).map((name) => join(root, name))) {
      if (existsSync(join(dir, 'postgres-passwords.json')))
        await (await startEmbeddedPostgres({ dataDir: dir, sharedDir })).stop();
    }
    rmSync(root, { recursive: true });
  });

  function start(dir = dataDir): Application {
    const application = startApplication(dir, sharedDir);
    applications.push(application);
    return application;
  }

  const pidIn = (dir: string) =>
    Number(readFileSync(join(dir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const modeOf = (path: string) => statSync(path).mode & 0o777;

  it('keeps its data across restarts', async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);

    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.url, 'select answer from kept')).toEqual([42]);
    await second.stop();
  });

  it('is durable, and owned by a role that is not a superuser and may create roles and databases', async () => {
    const { url, stop } = await startEmbeddedPostgres({
      dataDir,
      database: 'Other name',
      settings: { work_mem: '5MB' },
    });
    expect(
      await query(
        url,
        `select row(rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, current_database())::text
           from pg_roles where rolname = current_user`,
      ),
    ).toEqual(['(causeflow,f,t,t,f,"Other name")']);
    expect(
      await query(
        url,
        `select setting from pg_settings
          where name in ('fsync', 'listen_addresses', 'max_connections', 'password_encryption', 'synchronous_commit', 'work_mem')
          order by name`,
      ),
    ).toEqual(['on', '127.0.0.1', '200', 'scram-sha-256', 'on', '5120']);
    await query(url, 'create extension pg_trgm');
    expect(modeOf(join(dataDir, 'postgres-passwords.json'))).toBe(0o600);
    await stop();
  });

  it('refuses connections without the password', async () => {
    const { url, stop } = await startEmbeddedPostgres({ dataDir });
    const guessed = url.replace(/:[^:@]+@/, ':guessed@');
    await expect(query(guessed, 'select 1')).rejects.toThrow(/password authentication failed/);
    await stop();
  });

  it('starts over after an interrupted initdb', async () => {
    mkdirSync(join(dataDir, 'initdb-cutoff', 'postgres'), { recursive: true });
    writeFileSync(join(dataDir, 'initdb-cutoff', 'postgres', 'PG_VERSION'), '18');
    await (await startEmbeddedPostgres({ dataDir })).stop();
    expect(readdirSync(dataDir).filter((name) => name.startsWith('initdb'))).toEqual([]);
  });

  it('outlives a killed application, and the next one adopts it', async () => {
    const killed = start();
    const { url } = await killed.next();
    await query(url, 'create table kept as select 42 as answer');
    const pid = pidIn(dataDir);
    await kill(killed);
    expect(await query(url, 'select answer from kept')).toEqual([42]);

    const next = start();
    const message = await next.next();
    expect(message).toEqual({
      url,
      notices: [`Took over PostgreSQL (process ${String(pid)}), which was left running.`],
    });
    next.child.kill('SIGTERM');
    expect(await once(next.child, 'exit')).toEqual([0, null]);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  it('recovers after it was killed together with the application', async () => {
    const killed = start();
    const { url } = await killed.next();
    await query(url, 'create table kept as select 42 as answer');
    process.kill(pidIn(dataDir), 'SIGKILL');
    await kill(killed);

    const next = await startEmbeddedPostgres({ dataDir });
    expect(await query(next.url, 'select answer from kept')).toEqual([42]);
    await next.stop();
    expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).toMatch(/automatic recovery in progress/);
  });

  it('starts even if another program has its old pid', async () => {
    await (await startEmbeddedPostgres({ dataDir })).stop();
    const stale = `${String(process.ppid)}\n${join(dataDir, 'postgres')}\n1\n5432\n\n127.0.0.1\n  1  1\nready   \n`;
    writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), stale);
    const { url, stop } = await startEmbeddedPostgres({ dataDir });
    expect(await query(url, 'select 1')).toEqual([1]);
    await stop();
  });

  it('serves one application at a time, and names its process', async () => {
    const holder = start();
    const { url } = await holder.next();
    expect(await start().next()).toMatchObject({
      name: 'DataDirInUseError',
      error: expect.stringMatching(
        `${dataDir} is in use by another server \\(process ${String(holder.child.pid)}\\)`,
      ),
    });
    expect(await query(url, 'select 1')).toEqual([1]);
  });

  it('is locked by exactly one of several concurrent starts', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => start().next()));
    expect(all.map(({ url, name }) => name ?? (url && 'started')).sort()).toEqual([
      'DataDirInUseError',
      'DataDirInUseError',
      'DataDirInUseError',
      'started',
    ]);
  });

  it('notifies the application when it ends unexpectedly', async () => {
    const application = start();
    await application.next();
    process.kill(pidIn(dataDir), 'SIGKILL');
    expect((await application.next()).ended).toMatch(/ended unexpectedly.*postgres\.log/);
  });

  it('is not stopped by Ctrl+C before the application', async () => {
    const application = start();
    const { url } = await application.next();
    process.kill(-Number(application.child.pid), 'SIGINT'); // as a terminal does, to the whole group
    expect(await application.next()).toEqual({ interrupted: true });
    expect(await query(url, 'select 1')).toEqual([1]);
  });

  it('works under a path longer than the address of a socket, with spaces and quotes', async () => {
    dataDir = join(root, `it's a "deep" place ${'x'.repeat(120)}`);
    const { url, stop } = await startEmbeddedPostgres({ dataDir });
    expect(await query(url, 'select 1')).toEqual([1]);
    await stop();
  });

  it('does not generate new passwords for an existing database', async () => {
    await (await startEmbeddedPostgres({ dataDir })).stop();
    const passwords = join(dataDir, 'postgres-passwords.json');
    rmSync(passwords);
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/passwords .* are missing: put .* back/);
  });

  it.each([
    [
      'an earlier database’s',
      JSON.stringify({ superuser: 'other', owner: 'other' }),
      /are not those of the database: put back/,
    ],
    ['incomplete', '{}', /postgres-passwords\.json cannot be read: put back/],
  ])('reports passwords that are %s', async (_, content, advice) => {
    await (await startEmbeddedPostgres({ dataDir })).stop();
    writeFileSync(join(dataDir, 'postgres-passwords.json'), content, { mode: 0o600 });
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringMatching(advice),
    });
    // `afterEach` adopts what has passwords.
    rmSync(dataDir, { recursive: true });
  });

  it('reports a damaged note about the place of the database', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'postgres-location.json'), '{"dir": ');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      message: expect.stringMatching(/postgres-location\.json is damaged: put back/),
    });
  });

  it('reports an invalid setting and the path of the log', async () => {
    await expect(startEmbeddedPostgres({ dataDir, settings: { shared_buffers: 'plenty' } })).rejects.toThrow(
      /invalid value for parameter "shared_buffers".*DATABASE_URL.*postgres\.log/,
    );
  });

  (isRoot ? describe : describe.skip)('as root', () => {
    it('runs as another user, in the data directory where that user can get there', async () => {
      const { stop } = await startEmbeddedPostgres({ dataDir, sharedDir });
      expect(statSync(join(dataDir, 'postgres')).uid).not.toBe(0);
      expect(statSync(dataDir).uid).toBe(0);
      expect(modeOf(dataDir)).toBe(0o710);
      await stop();
      expect(existsSync(sharedDir)).toBe(false);
    });

    it('keeps its files in a shared directory when only root may enter the data directory, and records the path', async () => {
      const closed = join(root, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      dataDir = join(closed, 'data');
      const first = start();
      const { url, notices } = await first.next();
      const { dir } = JSON.parse(readFileSync(join(dataDir, 'postgres-location.json'), 'utf8')) as {
        dir: string;
      };
      expect(dir.startsWith(sharedDir)).toBe(true);
      expect(notices).toEqual([`PostgreSQL cannot run as root, so its files are in ${dir}.`]);
      expect(modeOf(dataDir)).toBe(0o700);
      await query(url, 'create table kept as select 42 as answer');

      // A copy of the data directory names the same database, and does not get it either.
      cpSync(dataDir, join(closed, 'copy'), { recursive: true });
      expect((await start(join(closed, 'copy')).next()).name).toBe('DataDirInUseError');

      await kill(first);
      const next = await startEmbeddedPostgres({ dataDir, sharedDir });
      expect(await query(next.url, 'select answer from kept')).toEqual([42]);
      await next.stop();
    });
  });
});
