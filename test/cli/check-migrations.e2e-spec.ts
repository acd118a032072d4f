import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { ownerDataSource } from '#kernel/persistence/data-source';
import { sqlMigrations } from '#kernel/persistence/sql-migrations';
import { mappingFaults } from '../../src/cli/migrations/mapping.js';
import { upDownUp } from '../../src/cli/migrations/up-down-up.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase, testPostgres } from '../support/database.js';
import { CHECKOUT } from '../support/server.js';

interface Migration {
  readonly up: string;
  readonly down: string;
}

describe('the check of the migrations', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await cloneDatabase();
    folder = mkdtempSync(join(tmpdir(), 'causeflow-migrations-'));
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await removeDatabase(database);
  });

  async function faultsOf(...migrations: readonly Migration[]): Promise<string[]> {
    migrations.forEach(({ up, down }, at) => {
      writeFileSync(join(folder, `170000000000${at}-step.sql`), `-- up\n${up}\n-- down\n${down}\n`);
    });
    const source = await ownerDataSource(database.url, sqlMigrations([folder])).initialize();
    try {
      return await upDownUp(source);
    } finally {
      await source.destroy();
    }
  }

  const makePens = { up: 'CREATE TABLE pens (colour text);', down: 'DROP TABLE pens;' };
  const answer = (value: number) =>
    `CREATE OR REPLACE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT ${value}';`;
  const makeAnswer = { up: answer(1), down: 'DROP FUNCTION answer();' };

  it('finds no fault in valid migrations', async () => {
    const rename = {
      up: 'ALTER TABLE pens RENAME colour TO ink;',
      down: 'ALTER TABLE pens RENAME ink TO colour;',
    };
    expect(await faultsOf(makePens, rename)).toEqual([]);
  });

  it('finds no fault in those of the example', async () => {
    const example = join(import.meta.dirname, '../../examples/on-call-roster/migrations');
    const source = await ownerDataSource(database.url, sqlMigrations([example])).initialize();
    expect(source.migrations).not.toEqual([]);
    expect(await upDownUp(source)).toEqual([]);
    await source.destroy();
  });

  it.each<[string, Migration, string]>([
    ['a table', { up: 'CREATE TABLE caps ();', down: '' }, 'relation caps'],
    ['a column', { up: 'ALTER TABLE pens ADD cap text;', down: '' }, 'column pens.cap text'],
    ['a default', { up: `ALTER TABLE pens ALTER colour SET DEFAULT 'red';`, down: '' }, `'red'`],
    ['an index', { up: 'CREATE INDEX pens_by_colour ON pens (colour);', down: '' }, 'pens_by_colour'],
    [
      'a constraint',
      { up: 'ALTER TABLE pens ADD CONSTRAINT one UNIQUE (colour);', down: '' },
      'UNIQUE (colour)',
    ],
    ['a policy', { up: 'CREATE POLICY p ON pens USING (true);', down: '' }, 'policy pens.p'],
    ['a grant', { up: 'GRANT SELECT ON pens TO causeflow_app;', down: '' }, 'causeflow_app=r'],
    ['a type', { up: `CREATE TYPE hue AS ENUM ('red');`, down: '' }, 'type hue'],
    ['another function body', { up: answer(2), down: '' }, 'SELECT 2'],
  ])('names the migration that leaves %s behind', async (_, careless, left) => {
    const faults = await faultsOf(makePens, makeAnswer, careless);
    expect(faults).toContainEqual(expect.stringMatching(/^step1700000000002, down: \+ /));
    expect(faults.join('\n')).toContain(left);
  });

  it('names what a down step removes too much of', async () => {
    const greedy = { up: 'ALTER TABLE pens ADD cap text;', down: 'ALTER TABLE pens DROP cap, DROP colour;' };
    expect(await faultsOf(makePens, greedy)).toContainEqual(
      expect.stringMatching(/^step1700000000001, down: - column pens\.colour/),
    );
  });

  it('names a migration that cannot be run again', async () => {
    const faults = await faultsOf({ up: 'CREATE TABLE pens ();', down: '' });
    expect(faults).toContainEqual(expect.stringMatching(/^step1700000000000, up: .*already exists/));
  });

  it('names a table with tenants’ rows and without row-level security', async () => {
    const open = { up: 'CREATE TABLE pens (tenant_id text);', down: 'DROP TABLE pens;' };
    expect(await faultsOf(open)).toEqual([expect.stringMatching(/^pens holds rows of tenants/)]);
  });
});

it("the check includes an extension's folder", () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-migrations-'));
  const open = '-- up\nCREATE TABLE pens (tenant_id text);\n-- down\nDROP TABLE pens;\n';
  writeFileSync(join(folder, '1790000009999-pens.sql'), open);
  const options = { cwd: CHECKOUT, env: { DATABASE_URL: testPostgres() }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['dist/cli/check-migrations.js', folder],
    options,
  );
  rmSync(folder, { recursive: true });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: expect.stringMatching(
      /^pens holds rows of tenants and no policy keeps them apart\n\d+ migrations/,
    ),
    stderr: '',
  });
});

describe('the check of the mapping', () => {
  let database: TestDatabase;
  let source: DataSource;

  const pen = new EntitySchema({
    name: 'Pen',
    tableName: 'pens',
    columns: {
      id: { type: 'text', primary: true },
      madeAt: { name: 'made_at', type: 'timestamptz', precision: 3 },
      tags: { type: 'text', array: true },
      price: { type: 'integer', nullable: true },
    },
  });
  const SOUND = 'id text PRIMARY KEY, made_at timestamptz(3) NOT NULL, tags text[] NOT NULL, price integer';

  beforeEach(async () => {
    database = await cloneDatabase();
    source = new DataSource({
      type: 'postgres',
      driver: pg,
      url: database.url,
      entities: [pen],
      poolSize: 1,
    });
    await source.initialize();
  });

  afterEach(async () => {
    await source.destroy();
    await removeDatabase(database);
  });

  it.each([
    ['a sound table', `${SOUND}, words tsvector GENERATED ALWAYS AS (to_tsvector('simple', id)) STORED`, []],
    [
      'another type',
      SOUND.replace('price integer', 'price bigint'),
      ['pens.price is bigint nullable, and Pen maps it as integer nullable'],
    ],
    [
      'another precision',
      SOUND.replace('(3)', ''),
      [
        'pens.made_at is timestamp with time zone not null, and Pen maps it as timestamp(3) with time zone not null',
      ],
    ],
    [
      'another nullability',
      `${SOUND} NOT NULL`,
      ['pens.price is integer not null, and Pen maps it as integer nullable'],
    ],
    ['a column too many', `${SOUND}, ink text`, ['pens.ink is not mapped by Pen']],
    [
      'a column too few',
      SOUND.replace(', price integer', ''),
      ['pens.price is mapped by Pen, and no migration makes it'],
    ],
  ])('reports what is wrong with %s', async (_, columns, faults) => {
    await sql(database.url, `CREATE TABLE pens (${columns})`);
    expect(await mappingFaults(source)).toEqual(faults);
  });
});
