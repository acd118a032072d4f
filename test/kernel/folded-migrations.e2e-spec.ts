import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ownerDataSource } from '#kernel/persistence/data-source';
import { FOLDED, OLD } from '#kernel/persistence/folded-migrations';
import { migrate } from '#kernel/persistence/migrate';
import { sqlMigrations } from '#kernel/persistence/sql-migrations';
import { catalogOf } from '../../src/cli/migrations/catalog.js';
import { AlertSender, newTenant } from '../support/api.js';
import { cloneDatabase, emptyDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { runToEnd } from '../support/program.js';
import { CHECKOUT, SECRETS, TestServer } from '../support/server.js';

const own = [join(CHECKOUT, 'migrations')];
const today = sqlMigrations(own).map(({ migrationName }) => migrationName);
const later = today.filter((name) => !FOLDED.includes(name));
const someOld = [
  ['the first', OLD.slice(0, 12)],
  ['all but the last', OLD.slice(0, -1)],
  ['all but one in the middle', OLD.toSpliced(20, 1)],
] as const;

let database: TestDatabase;
let empty: TestDatabase;
beforeEach(async () => {
  database = await cloneDatabase();
  empty = await emptyDatabase();
});
afterEach(async () => {
  await removeDatabase(database);
  await removeDatabase(empty);
});

/** The schema is that of before, so other names are all that a database of before differs by. */
async function note({ url }: TestDatabase, names: readonly string[]): Promise<void> {
  await sql(
    url,
    `CREATE TABLE IF NOT EXISTS migrations (id serial PRIMARY KEY, timestamp bigint NOT NULL, name varchar NOT NULL);
     TRUNCATE migrations RESTART IDENTITY`,
  );
  await sql(
    url,
    `INSERT INTO migrations (timestamp, name)
     SELECT right(name, 13)::bigint, name FROM unnest($1::text[]) WITH ORDINALITY AS noted (name, place) ORDER BY place`,
    [names],
  );
}
async function noted({ url }: TestDatabase): Promise<string[]> {
  const rows = await sql<{ name: string }>(url, 'SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}
async function catalog({ url }: TestDatabase): Promise<string[]> {
  const owner = await ownerDataSource(url, []).initialize();
  const runner = owner.createQueryRunner();
  try {
    return await catalogOf(runner);
  } finally {
    await runner.release();
    await owner.destroy();
  }
}

describe('a database in which all squashed migrations have run', () => {
  const ofAnExtension = 'on-call-roster1790000000000';
  beforeEach(() => note(database, [...OLD, ...later, ofAnExtension]));

  it('is taken over without running any, and serves', async () => {
    const before = await catalog(database);
    const server = await TestServer.start({ database });
    try {
      expect(server.log).not.toContain('Migrated');
      const sender = await AlertSender.of(await newTenant(server.url));
      const alert = { title: 'High error rate', description: '5xx above 5 %' };
      expect(await sender.send(alert)).toMatchObject({ status: 202 });
    } finally {
      await server.stop();
    }
    expect(await noted(database)).toEqual([...today, ofAnExtension]);
    expect(await catalog(database)).toEqual(before);
  });

  it('is taken over once, however many start at the same time, and its last migration can be undone', async () => {
    await note(database, [...OLD, ...later]);
    const ran = await Promise.all(Array.from({ length: 8 }, () => migrate(database.url, own)));
    expect(ran.flat()).toEqual([]);
    const owner = await ownerDataSource(database.url, sqlMigrations(own)).initialize();
    await owner.undoLastMigration().finally(() => owner.destroy());
    expect(await noted(database)).toEqual(today.slice(0, -1));
    expect(await migrate(database.url, own)).toEqual(today.slice(-1));
  });
});

it.each(someOld)(
  'a database that has had %s of them is refused in words and left as it is',
  async (_, some) => {
    await note(empty, some);
    const { code, output } = await runToEnd('dist/main.js', [], {
      DATABASE_URL: empty.url,
      PORT: '0',
      ...SECRETS,
    });
    expect(code).toBe(1);
    expect(output).toContain(
      `only ${some.length} of its 39 migrations, whose last is what-runs-go-back-to1763700161000;`,
    );
    expect(output).not.toContain('    at ');
    expect(await noted(empty)).toEqual(some);
    expect(await sql(empty.url, `SELECT FROM pg_namespace WHERE nspname = 'graphile_worker'`)).toEqual([]);
  },
);

describe('a backup of an earlier version', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeflow-fold-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('that has had all of them is restored', async () => {
    await note(database, [...OLD, ...later]);
    await sql(database.url, `INSERT INTO encryption_keys (key_id) VALUES ('kept')`);
    const file = join(folder, 'all.gz');
    expect(await runToEnd('dist/cli/backup.js', [file], { DATABASE_URL: database.url })).toMatchObject({
      code: 0,
    });
    expect(await runToEnd('dist/cli/restore.js', [file], { DATABASE_URL: empty.url })).toMatchObject({
      code: 0,
    });
    expect(await sql(empty.url, 'SELECT key_id FROM encryption_keys')).toEqual([{ key_id: 'kept' }]);
    expect(await noted(empty)).toEqual(today);
  });

  it('that has not is refused before anything is made', async () => {
    await note(database, OLD.slice(0, -1));
    const file = join(folder, 'some.gz');
    expect(await runToEnd('dist/cli/backup.js', [file], { DATABASE_URL: database.url })).toMatchObject({
      code: 0,
    });
    const refused = await runToEnd('dist/cli/restore.js', [file], { DATABASE_URL: empty.url });
    expect(refused).toEqual({ code: 1, output: expect.stringContaining('only 38 of its 39 migrations') });
    expect(refused.output).not.toContain('    at ');
    expect(await sql(empty.url, `SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  });
});
