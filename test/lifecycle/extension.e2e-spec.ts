import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cloneDatabase, emptyDatabase, removeDatabase, sql } from '../support/database.js';
import { runToEnd } from '../support/program.js';
import { CHECKOUT, SECRETS } from '../support/server.js';

const mapped = (target: string, name: string) =>
  `import { aggregateSchema } from '${CHECKOUT}dist/kernel/persistence/aggregate-schema.js';
  class ${target} {}
  aggregateSchema({ name: '${name}', target: ${target}, tableName: 'pagers', columns: {} });
  export const pager = 1;`;
const UP = '-- up\nSELECT 1;\n-- down\n';

describe('a start with an extension that has a fault', () => {
  let folder: string;
  let migrations: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeflow-extension-'));
    migrations = join(folder, 'migrations');
    mkdirSync(migrations);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Its output below the headline. What it says about migrations that it begins comes before. */
  async function faultsOf(
    env: Record<string, string>,
    program = 'test/lifecycle/server-with-extension.mjs',
  ): Promise<string[]> {
    const all = { DATA_DIR: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'silent', ...env };
    const { code, output } = await runToEnd(program, [], all);
    expect(code).toBe(1);
    const [headline, ...faults] = output
      .replace(/^Migrating the database.*\n/, '')
      .trim()
      .split('\n');
    expect(headline).toBe('CauseFlow could not start.');
    return faults;
  }

  it.each<[fault: string, make: () => string, words: RegExp]>([
    [
      'no folder of migrations',
      () => join(folder, 'none'),
      /^The folder of migrations \S+none cannot be read \(ENOENT\b.*\): create it, or correct its path\.$/,
    ],
    [
      'a file for a folder',
      () => put('1790000000000-a.sql', UP),
      /^The folder of migrations \S+a\.sql cannot be read \(ENOTDIR\b/,
    ],
    [
      'a migration that is a folder',
      () => {
        mkdirSync(join(migrations, '1790000000000-a.sql'));
        return migrations;
      },
      /^The migration \S+a\.sql cannot be read \(EISDIR\b.*\): make it a file that this user may read\.$/,
    ],
    [
      'a migration with another name',
      () => {
        put('first.sql', UP);
        return migrations;
      },
      /^The migration \S+first\.sql must be named <13 digits>-<name>\.sql: rename it\.$/,
    ],
    [
      'a migration without a way down',
      () => {
        put('1790000000000-a.sql', '-- up\nSELECT 1;\n');
        return migrations;
      },
      /^The migration \S+a\.sql needs the line "-- up" .* the line "-- down" /,
    ],
    [
      // It would run before the schema that it needs, and count as one of a newer CauseFlow without the extension.
      'a migration with a time of ours',
      () => {
        put('1764999999999-a.sql', UP);
        return migrations;
      },
      /^The migration 1764999999999-a\.sql must begin with 1765000000000 or more, since what is before is CauseFlow's: rename it\.$/,
    ],
    [
      'two migrations of one name',
      () => {
        put('1790000000000-a.sql', UP);
        return `${migrations}:${migrations}`;
      },
      /^The migrations \S+a\.sql and \S+a\.sql have the same name: rename one of them\.$/,
    ],
  ])('names the extension that has %s in one line, and leaves nothing behind', async (_, make, words) => {
    const [fault = '', ...others] = await faultsOf({ MIGRATIONS: make() });
    expect(others).toEqual([]);
    expect(fault).toMatch(/^Extension PagerModule: /);
    expect(fault.replace('Extension PagerModule: ', '')).toMatch(words);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it.each<[what: string, code: string, lines: readonly RegExp[]]>([
    [
      'an error, with the lines of its author',
      `function read() { throw new TypeError('no schedule'); }\nexport const pager = read();`,
      [
        /^\/\S+\/pager\.mjs could not be imported: TypeError: no schedule$/,
        /^ {4}at read \(file:\S+\/pager\.mjs:1:\d+\)$/,
        /^ {4}at file:\S+\/pager\.mjs:2:\d+$/,
      ],
    ],
    [
      'a reason for its user',
      `import { ConfigError } from '${CHECKOUT}dist/kernel/config/config-error.js';\n` +
        `export const pager = await Promise.reject(new ConfigError(['PAGER_URL is missing.']));`,
      [/^\/\S+\/pager\.mjs could not be imported: PAGER_URL is missing\.$/],
    ],
    [
      'a text',
      `throw 'no schedule';\nexport const pager = 1;`,
      [/^An extension threw this while it was imported: no schedule$/],
    ],
    [
      // Its store would use our table, or ours its table.
      'a mapped class with the name of ours',
      mapped('Session', 'Session'),
      [/^\/\S+\/pager\.mjs could not be imported: Two mapped classes have the name Session: rename one\.$/],
    ],
    [
      'a schema with another name than its class',
      mapped('Pager', 'OnCallPager'),
      [
        /^\/\S+\/pager\.mjs could not be imported: The schema OnCallPager must have the name of its class, Pager\.$/,
      ],
    ],
  ])('names the file that throws %s while it is imported', async (_, code, lines) => {
    writeFileSync(join(folder, 'pager.mjs'), code);
    const main = join(folder, 'main.mjs');
    writeFileSync(
      main,
      `import { serve } from '${CHECKOUT}dist/serve.js';\nimport { pager } from './pager.mjs';\nawait serve([pager]);\n`,
    );
    expect(await faultsOf({}, main)).toEqual(lines.map((line) => expect.stringMatching(line)));
  });

  it.each<[fault: string, words: RegExp]>([
    ['not exported', /^An extension has no `module`: list what its file exports/],
    ['no list', /^Pass a list of extensions: `serve\(\[yours\]\)`/],
    ['no list of migrations', /^Extension PagerModule: `migrations` must be a list of folders\.$/],
  ])('says in one line what JavaScript did not check: %s', async (FAULT, words) => {
    expect(await faultsOf({ FAULT })).toEqual([expect.stringMatching(words)]);
  });

  it.each<[fault: string, words: RegExp]>([
    ['no event', /^An Extension lists undefined among its `events`: list classes that `defineEvent` made\.$/],
    // Ours would never run again: events would be kept forever.
    ['our job', /^Two classes have the job drop-old-events: rename one, or list it in one module only\.$/],
  ])('says in one line what clashes with the catalogue or the jobs: %s', async (FAULT, words) => {
    const database = await cloneDatabase();
    const faults = await faultsOf({ ...SECRETS, DATABASE_URL: database.url, FAULT });
    await removeDatabase(database);
    expect(faults).toEqual([expect.stringMatching(words)]);
  });

  it('says in one line which migration failed and why', async () => {
    const path = put('1790000000000-a.sql', '-- up\nCREATE TABLE certificates ();\nSELECT 1 / 0;\n-- down\n');
    const database = await cloneDatabase();
    const faults = await faultsOf({ ...SECRETS, DATABASE_URL: database.url, MIGRATIONS: migrations });
    const left = await sql(database.url, `SELECT FROM pg_class WHERE relname = 'certificates'`);
    await removeDatabase(database);
    expect(faults).toEqual([
      `The migration ${path} failed and was rolled back: division by zero. Correct it, or report it if it belongs to CauseFlow.`,
    ]);
    expect(left).toEqual([]);
  });

  it('says in one line that the database belongs to other software', async () => {
    const database = await emptyDatabase();
    await sql(database.url, 'CREATE TABLE tenants (certificate text)');
    const faults = await faultsOf({ ...SECRETS, DATABASE_URL: database.url });
    await removeDatabase(database);
    expect(faults).toEqual([
      expect.stringMatching(
        /^The migration \S+tenants\.sql failed .*"tenants" already exists\. CauseFlow needs a database of its own/,
      ),
    ]);
  });

  it('does not blame the database for the settings and connections of an extension', async () => {
    const database = await cloneDatabase();
    const env = { ...SECRETS, DATABASE_URL: database.url };
    const settings = await faultsOf({ ...env, FAULT: 'settings' });
    const connection = await faultsOf({ ...env, FAULT: 'connection' });
    await removeDatabase(database);
    expect(settings).toEqual(['PAGER_CERTIFICATE must be the path of a PEM file.']);
    expect(connection[0]).toBe('Error: connect ECONNREFUSED 127.0.0.1:1');
  });

  /** @returns its path */
  function put(name: string, content: string): string {
    const path = join(migrations, name);
    writeFileSync(path, content);
    return path;
  }
});
