import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { migrate } from '#kernel/persistence/migrate';
import { restoreBackup } from '../../src/cli/backup/restore-backup.js';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { emptyDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { startEmbedded } from '../support/embedded-server.js';
import { EventStream } from '../support/event-stream.js';
import { untilIdle } from '../support/idle.js';
import { type Ended, runToEnd } from '../support/program.js';
import { CHECKOUT, TestServer } from '../support/server.js';
import { until } from '../support/until.js';

function withScratch(): { path: (name: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-backup-'));
  // Accessible to the user of PostgreSQL, which does not run as root.
  chmodSync(folder, 0o711);
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true }) };
}

/** All rows of all tenants, in the order of the log. */
function eventLog({ url }: TestDatabase): Promise<Record<string, unknown>[]> {
  return sql(`${url}?options=-c%20app.backup%3Don`, 'SELECT * FROM events ORDER BY tenant_id, seq');
}

/** Leaves a run whose findings cite what it has read. */
async function investigate({ api }: TenantUser, sender: AlertSender): Promise<void> {
  const occurredAt = new Date(Date.now() - 12 * 60_000).toISOString();
  const summary = 'Deploy checkout 2.4.1: rework cart confirmation';
  await api.post('/v1/changes', {
    type: 'deploy',
    service: 'checkout',
    version: '2.4.1',
    summary,
    occurredAt,
  });
  const { body } = await sender.send({
    title: 'High error rate on checkout',
    description: 'TypeError in POST /cart/confirm',
    severity: 'critical',
    service: 'checkout',
  });
  await until('it was investigated', async () => {
    const incident = await api.get(`/v1/incidents/${body['incidentId'] ?? ''}`);
    return ['open', 'awaiting_approval'].includes(String(incident.body['status']));
  });
}

describe('a backup', () => {
  const scratch = withScratch();
  const file = scratch.path('all.gz');
  let source: TestServer;
  let target: TestDatabase;
  let tenant: TenantUser;
  let sender: AlertSender;
  let backedUp: Ended;

  const restore = (from: string, into: TestDatabase, ...options: string[]): Promise<Ended> =>
    runToEnd('dist/cli/restore.js', [from, ...options], { DATABASE_URL: into.url });

  beforeAll(async () => {
    source = await TestServer.start();
    tenant = await newTenant(source.url, { tenantName: 'Tab\there, line\nthere, back\\slash \\. ü 🦉' });
    sender = await AlertSender.of(tenant);
    const otherTenant = await newTenant(source.url);
    const other = await AlertSender.of(otherTenant);
    for (let n = 1; n <= 25; n += 1) {
      const alert = {
        title: `Alert ${n}`,
        description: '\\.\n\\N\t\\\\',
        sourceAlertId: `a-${n}`,
        severity: 'low',
      };
      expect((await sender.send(alert)).status).toBe(202);
      await other.send(alert);
    }
    await investigate(tenant, sender);
    for (const { tenantId } of [tenant, otherTenant]) await untilIdle(source.database, tenantId);
    // A month of a year ago, whose partition no start creates.
    await sql(
      source.database.url,
      `SET app.tenant_ids = '${tenant.tenantId}';
       CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM ('2020-01-01 00:00:00+00') TO ('2020-02-01 00:00:00+00');
       UPDATE events SET occurred_at = '2020-01-15' WHERE seq <= 3;
       SELECT enqueue_jobs('[{"identifier": "far-off", "payload": {"tenantId": "t", "payload": "\\\\ \\n"}, "run_at": "2090-01-01", "job_key": "k", "queue_name": "q", "flags": ["t"]}]')`,
    );
    // Of another user, who may read what is written into it.
    writeFileSync(`${file}.unfinished`, '', { mode: 0o644 });
    backedUp = await runToEnd('dist/cli/backup.js', [file], { DATABASE_URL: source.database.url });
    target = await emptyDatabase();
  });

  afterAll(async () => {
    await source.stop();
    await removeDatabase(target);
    scratch.remove();
  });

  it('is written while a server runs, readable only by its owner, and the output names the secrets file', () => {
    expect(backedUp).toEqual({
      code: 0,
      output: expect.stringContaining('keep JWT_SECRET and ENCRYPTION_KEY'),
    });
    expect(backedUp.output).toMatch(/^ {2}events: \d+ rows$/m);
    expect(backedUp.output).toMatch(/^ {2}finding_citations: [1-9]\d* rows$/m);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('never overwrites a file', async () => {
    const again = await runToEnd('dist/cli/backup.js', [file], { DATABASE_URL: source.database.url });
    expect(again).toEqual({ code: 1, output: expect.stringContaining('is there already') });
  });

  it('restores into an empty database: the log is equal, streams resume by old ids, and work continues', async () => {
    expect(await restore(file, target)).toMatchObject({ code: 0 });
    const before = await eventLog(source.database);
    expect(before.length).toBeGreaterThan(100);
    expect(await eventLog(target)).toEqual(before);
    expect(
      await sql(
        target.url,
        `SELECT key, queue_name, run_at, flags FROM graphile_worker.jobs WHERE task_identifier = 'far-off'`,
      ),
    ).toEqual([{ key: 'k', queue_name: 'q', run_at: new Date('2090-01-01'), flags: { t: true } }]);

    const server = await TestServer.start({ database: target });
    try {
      const own = before.filter((event) => event['tenant_id'] === tenant.tenantId);
      const [old] = own.slice(10);
      const api = new Api(server.url, tenant.api.token);
      const stream = await EventStream.open(api, `?lastEventId=${String(old?.['id'])}`);
      const missed = await until(
        'the rest of the log came',
        () => stream.frames.length >= own.length - 11 && stream.frames,
      );
      expect(missed.map(({ id }) => id)).toEqual(own.slice(11).map(({ id }) => id));

      // Its key and its sealed secret came along, and so did what is a duplicate.
      const again = sender.on(server.url);
      expect((await again.send({ title: 'x', description: 'x', sourceAlertId: 'a-1' })).status).toBe(409);
      const { body } = await again.send({ title: 'New', description: 'After the move.' });
      await stream.waitFor('incident.created', ({ data }) => data.data['incidentId'] === body['incidentId']);
      stream.close();
      const places = (await eventLog(target)).filter((event) => event['tenant_id'] === tenant.tenantId);
      expect(places.map(({ seq }) => Number(seq))).toEqual(places.map((_, at) => at + 1));
    } finally {
      await server.stop();
    }
  });

  it('is not restored into a database with rows or with a running server', async () => {
    expect(await restore(file, target)).toEqual({
      code: 1,
      output: expect.stringMatching(/is not empty \(\w+ holds rows\)/),
    });
    expect(await restore(file, source.database)).toEqual({
      code: 1,
      output: expect.stringContaining('stop it first'),
    });
  });

  describe('of another version', () => {
    const own = join(CHECKOUT, 'migrations');
    const later = scratch.path('later');
    let empty: TestDatabase;

    beforeAll(() => {
      mkdirSync(later);
      writeFileSync(
        join(later, '2000000000000-title.sql'),
        '-- up\nALTER TABLE tenants RENAME name TO title;\n-- down\n',
      );
    });
    beforeEach(async () => (empty = await emptyDatabase()));
    afterEach(() => removeDatabase(empty));

    const restoreWith = (...folders: string[]): Promise<unknown> =>
      restoreBackup(empty.url, file, folders, () => undefined);

    it('is migrated to the current schema with its rows when it is older', async () => {
      await restoreWith(own, later);
      const tenants = await sql(`${empty.url}?options=-c%20app.backup%3Don`, 'SELECT title FROM tenants');
      expect(tenants).toHaveLength(2);
      expect(tenants).toContainEqual({ title: 'Acme Corp' });
    });

    it('is refused before anything is created when it is newer', async () => {
      await expect(restoreWith(later)).rejects.toThrow('made by a newer version');
      expect(await sql(empty.url, `SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
    });

    it('requires the folder of the migrations of an extension that is not configured here', async () => {
      const source = await emptyDatabase();
      await migrate(source.url, [own, later]);
      const extended = scratch.path('extended.gz');
      const backup = await runToEnd('dist/cli/backup.js', [extended], { DATABASE_URL: source.url });
      expect(backup).toMatchObject({ code: 0 });
      await removeDatabase(source);

      expect(await restore(extended, empty)).toEqual({
        code: 1,
        output: expect.stringMatching(/it has the migration title2000000000000\): .* --migrations\.\n$/),
      });
      const nowhere = scratch.path('nowhere');
      expect(await restore(extended, empty, '--migrations', nowhere)).toEqual({
        code: 1,
        output: expect.stringContaining(`There is no folder ${nowhere}.\nUsage: npm run restore`),
      });
      expect(await restore(extended, empty, '--migrations', later)).toMatchObject({ code: 0 });
    });

    it('is refused by a database that is newer', async () => {
      await migrate(empty.url, [own, later]);
      await expect(restoreWith(own, later)).rejects.toThrow('The database is newer than the backup');
    });
  });

  it.each([
    ['cut short', (path: string) => truncateSync(path, statSync(path).size >> 1)],
    ['something else', (path: string) => writeFileSync(path, 'hello')],
    ['not there', (path: string) => rmSync(path)],
  ])('that is %s leaves the database empty', async (_, spoil) => {
    const path = scratch.path('spoiled.gz');
    writeFileSync(path, readFileSync(file));
    spoil(path);
    const empty = await emptyDatabase();
    const ended = await restore(path, empty);
    expect(ended).toEqual({ code: 1, output: expect.stringContaining(path) });
    expect(ended.output).not.toContain('    at ');
    expect(await restore(file, empty)).toMatchObject({ code: 0 });
    await removeDatabase(empty);
  });

  it('reports in one line that the disk is full during a restore', async () => {
    const folder = scratch.path('full');
    mkdirSync(folder);
    const full = `RAISE 'no space left' USING ERRCODE = 'disk_full', HINT = 'Check free disk space.';`;
    const migration = `-- up\nDO $$ BEGIN ${full} END $$;\n-- down\n`;
    writeFileSync(join(folder, '2000000000001-full.sql'), migration);
    const empty = await emptyDatabase();
    const ended = await restore(file, empty, '--migrations', folder);
    await removeDatabase(empty);
    expect(ended).toEqual({
      code: 1,
      output: expect.stringMatching(
        /could not be restored\.\nThe database .* no space left\. Check free disk space\.\n$/,
      ),
    });
  });

  it('leaves no file behind when PostgreSQL stops, and reports why', async () => {
    const { url } = source.database;
    const path = scratch.path('broken-off.gz');
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE tenants');
      const ending = runToEnd('dist/cli/backup.js', [path], { DATABASE_URL: url });
      await until('it waits for the table, and its connection is gone', async () => {
        const gone = await sql(
          url,
          `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
            WHERE application_name = 'causeflow-backup' AND datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return gone.length === 1;
      });
      const ended = await ending;
      expect(ended).toEqual({
        code: 1,
        output: expect.stringMatching(/\nThe database \S+ on \S+ cannot be used.*\n$/),
      });
      expect([path, `${path}.unfinished`].filter((left) => existsSync(left))).toEqual([]);
    } finally {
      await holder.end();
    }
  });

  it('is refused when row-level security would hide rows', async () => {
    await sql(
      source.database.url,
      'CREATE TABLE notes (tenant_id text); ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY',
    );
    const ended = await runToEnd('dist/cli/backup.js', [scratch.path('no.gz')], {
      DATABASE_URL: source.database.url,
    });
    expect(ended).toEqual({ code: 1, output: expect.stringContaining('cannot read all rows of notes') });
    expect(existsSync(scratch.path('no.gz'))).toBe(false);
  });

  it('reports in one line that PostgreSQL is down, or that the file cannot be written', async () => {
    const nobody = { DATABASE_URL: 'postgres://someone:hunter-two@127.0.0.1:1/none' };
    const off = await runToEnd('dist/cli/backup.js', [scratch.path('no.gz')], nobody);
    expect(off).toEqual({
      code: 1,
      output: expect.stringMatching(/\nThe database none on 127.0.0.1:1 cannot.*\n$/),
    });
    expect(off.output).not.toContain('hunter-two');

    const nowhere = scratch.path('no/such/folder.gz');
    const env = { DATABASE_URL: source.database.url };
    const unwritten = await runToEnd('dist/cli/backup.js', [nowhere], env);
    expect(unwritten).toEqual({
      code: 1,
      output: expect.stringMatching(/\n\S+folder\.gz cannot be written \(ENOENT.*\)\.\n$/),
    });
  });

  it('refuses a database on which no server has ever started', async () => {
    const empty = await emptyDatabase();
    const ended = await runToEnd('dist/cli/backup.js', [scratch.path('no.gz')], { DATABASE_URL: empty.url });
    expect(ended).toEqual({ code: 1, output: expect.stringContaining('nothing to back up') });
    expect(existsSync(scratch.path('no.gz'))).toBe(false);
    await removeDatabase(empty);
  });
});

describe('a backup of the embedded database', () => {
  const scratch = withScratch();
  const [from, to] = [scratch.path('old'), scratch.path('new')];

  afterAll(() => scratch.remove());

  const backup = (file: string, ...options: string[]): Promise<Ended> =>
    runToEnd('dist/cli/backup.js', [scratch.path(file), ...options], { DATA_DIR: from });
  const restore = (file: string): Promise<Ended> =>
    runToEnd('dist/cli/restore.js', [scratch.path(file)], { DATA_DIR: to });

  it('is written whether the server runs or not, and contains the secrets only when requested', async () => {
    const old = await startEmbedded(from);
    const sender = await AlertSender.of(await newTenant(old.url));
    await sender.send({ title: 'One', description: 'Before the move.', sourceAlertId: 'one' });
    expect(await backup('running.gz')).toEqual({
      code: 0,
      output: expect.stringContaining(join(from, 'secrets.json')),
    });
    await old.stop();
    expect(await backup('stopped.gz', '--with-secrets')).toEqual({
      code: 0,
      output: expect.stringContaining('The file contains the secrets'),
    });
    const secrets = readFileSync(join(from, 'secrets.json'), 'utf8');
    const { encryptionKey } = JSON.parse(secrets) as { encryptionKey: string };
    expect(gunzipSync(readFileSync(scratch.path('running.gz'))).includes(encryptionKey)).toBe(false);

    expect(await restore('stopped.gz')).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(to, 'secrets.json'), 'utf8'))).toEqual(JSON.parse(secrets));
    const moved = await startEmbedded(to);
    expect(
      await sender.on(moved.url).send({ title: 'One', description: 'Again.', sourceAlertId: 'one' }),
    ).toMatchObject({
      status: 409,
    });
    expect(await restore('stopped.gz')).toEqual({
      code: 1,
      output: expect.stringContaining('in use by another server'),
    });
    await moved.stop();
  });

  it('needs an installation', async () => {
    const ended = await runToEnd('dist/cli/backup.js', [], { DATA_DIR: scratch.path('nowhere') });
    expect(ended).toEqual({ code: 1, output: expect.stringContaining('There is no installation in') });
    expect(existsSync(scratch.path('nowhere'))).toBe(false);
  });
});
