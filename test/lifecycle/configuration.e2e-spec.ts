import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { AlertSender, Api, newKey, newTenant } from '../support/api.js';
import { cloneDatabase, emptyDatabase, removeDatabase, sql, testPostgres } from '../support/database.js';
import { runToEnd } from '../support/program.js';
import { SECRETS as testSecrets, TestServer } from '../support/server.js';

const newSecrets = () => ({
  JWT_SECRET: randomBytes(32).toString('base64'),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
});

describe('a start with an invalid configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-lifecycle-'));
  const DATA_DIR = join(folder, 'data');
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Its output below the headline. */
  async function faultsOf(env: Record<string, string>): Promise<string[]> {
    const { code, output } = await runToEnd('dist/main.js', [], { DATA_DIR, ...env });
    expect(code).toBe(1);
    const [headline, ...faults] = output.trim().split('\n');
    expect(headline).toBe('CauseFlow could not start.');
    return faults;
  }

  it('ends with one line per fault, and leaves nothing behind', async () => {
    const faults = await faultsOf({ PORT: 'eighty', LOG_LEVEL: 'loud', CORS_ORIGINS: 'app.example.com' });
    expect(faults).toHaveLength(3);
    for (const name of ['PORT', 'LOG_LEVEL', 'CORS_ORIGINS']) {
      expect(faults).toContainEqual(expect.stringMatching(`^${name} must be `));
    }
    expect(existsSync(DATA_DIR)).toBe(false);
  });

  it('names each secret that is missing with a DATABASE_URL', async () => {
    const DATABASE_URL = 'postgres://nobody:nothing@127.0.0.1:1/none';
    const both = await faultsOf({ DATABASE_URL });
    expect(both).toEqual([
      expect.stringMatching(/^JWT_SECRET is missing/),
      expect.stringMatching(/^ENCRYPTION_KEY is missing/),
    ]);
    const JWT_SECRET = randomBytes(32).toString('base64');
    expect(await faultsOf({ DATABASE_URL, JWT_SECRET })).toEqual([expect.stringMatching(/^ENCRYPTION_KEY/)]);
  });

  it.each<[string, (url: URL) => void, RegExp]>([
    [
      'does not run',
      (url) => (url.port = '1'),
      /^The database causeflow_test\w* on \S+:1 cannot be used as \w+: nothing listens/,
    ],
    [
      'has another password',
      (url) => (url.password = 'wrong-one'),
      /: password authentication failed for user/,
    ],
    [
      'has no such database',
      (url) => (url.pathname = '/no_such'),
      /^The database no_such .*: database "no_such" does not/,
    ],
    [
      'is on a host that is none',
      (url) => (url.hostname = 'no-such-host.invalid'),
      /: the host name is unknown|looked up/,
    ],
    [
      'has no such socket',
      (url) => {
        url.hostname = '';
        url.searchParams.set('host', '/no/such/folder');
      },
      /: connect ENOENT \/no\/such\/folder/,
    ],
    ['requires a password', (url) => (url.password = ''), /: it asks for a password/],
    [
      'speaks no TLS',
      (url) => url.searchParams.set('sslmode', 'verify-full'),
      /: The server does not support SSL/,
    ],
    [
      'is to be trusted by a file that is not there',
      (url) => url.searchParams.set('sslrootcert', '/no/such/ca.pem'),
      /: ENOENT: no such file or directory, open '\/no\/such\/ca.pem'/,
    ],
    [
      'is to be trusted by a directory',
      (url) => url.searchParams.set('sslrootcert', tmpdir()),
      /: what it names as a certificate or key is a directory/,
    ],
  ])('reports in one line, without the password, that PostgreSQL %s', async (_, change, words) => {
    const database = await cloneDatabase();
    const url = new URL(database.url);
    change(url);
    const faults = await faultsOf({ ...newSecrets(), DATABASE_URL: url.href });
    await removeDatabase(database);
    expect(faults).toEqual([expect.stringMatching(words)]);
    expect(faults[0]).toMatch(/Is DATABASE_URL right\?$/);
    if (url.password !== '') expect(faults[0]).not.toContain(url.password);
  });

  it('reports in one line that PostgreSQL is too old', async () => {
    const database = await emptyDatabase();
    // A fake server that reports an old version.
    await sql(
      database.url,
      `CREATE FUNCTION current_setting(name text) RETURNS text LANGUAGE sql STABLE AS
         $$ SELECT CASE name WHEN 'server_version_num' THEN '140012' WHEN 'server_version' THEN '14.12'
                             ELSE pg_catalog.current_setting(name) END $$;
       ALTER DATABASE ${database.name} SET search_path = public, pg_catalog`,
    );
    const faults = await faultsOf({ ...newSecrets(), DATABASE_URL: database.url });
    await removeDatabase(database);
    expect(faults).toEqual(['PostgreSQL 14.12 is too old: version 15 or newer is needed.']);
  });

  it('reports in one line that its tables would be in another schema', async () => {
    const database = await emptyDatabase();
    await sql(
      database.url,
      `CREATE SCHEMA app; ALTER DATABASE ${database.name} SET search_path = app, public`,
    );
    const faults = await faultsOf({ ...newSecrets(), DATABASE_URL: database.url });
    await removeDatabase(database);
    expect(faults).toEqual([
      expect.stringMatching(/^The search_path of this user in this database leads to app:/),
    ]);
  });

  it('reports in one line that DATABASE_URL names a pooler, before it has changed anything', async () => {
    // As PgBouncer answers a session that begins with options.
    const pooler = createServer((socket) => {
      socket.once('data', (start) => {
        if (!start.includes('options')) return void socket.destroy();
        const error = 'SFATAL\0C08P01\0Munsupported startup parameter: options\0\0';
        const length = Buffer.alloc(4);
        length.writeInt32BE(error.length + 4);
        socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(error)]));
      });
    }).listen(0, '127.0.0.1');
    await once(pooler, 'listening');
    const { port } = pooler.address() as AddressInfo;
    const DATABASE_URL = `postgres://somebody@127.0.0.1:${port}/some`;
    const refused = await faultsOf({ ...newSecrets(), DATABASE_URL });
    pooler.close();
    expect(refused).toEqual([expect.stringMatching(/it is a pooler such as PgBouncer/)]);

    // One that keeps the options to itself looks as if there were others.
    const database = await emptyDatabase();
    const url = new URL(database.url);
    url.searchParams.set('options', '-c app.other=1');
    const faults = await faultsOf({ ...newSecrets(), DATABASE_URL: url.href });
    const made = await sql(database.url, `SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`);
    await removeDatabase(database);
    expect(faults).toEqual([expect.stringMatching(/^PostgreSQL does not get the session options/)]);
    expect(made).toEqual([]);
  });

  it('reports in one line which role its user may not grant, and what to do', async () => {
    const database = await emptyDatabase();
    const url = new URL(database.url);
    [url.username, url.password] = [`${database.name}_user`, 'of-this-test'];
    await sql(
      database.url,
      `CREATE ROLE ${url.username} LOGIN PASSWORD '${url.password}';
       GRANT ALL ON DATABASE ${database.name} TO ${url.username};
       GRANT ALL ON SCHEMA public TO ${url.username}`,
    );
    const { code, output } = await runToEnd('dist/main.js', [], { ...newSecrets(), DATABASE_URL: url.href });
    await removeDatabase(database);
    await sql(testPostgres(), `DROP ROLE ${url.username}`);
    expect(code).toBe(1);
    expect(output).toMatch(/ cannot be used as \w+: this user may not .* `GRANT causeflow_app TO` this user/);
  });

  it('does not suggest another DATABASE_URL when PostgreSQL is out of disk space', async () => {
    const database = await cloneDatabase();
    await sql(database.url, `ALTER DATABASE ${database.name} CONNECTION LIMIT 1`);
    const faults = await faultsOf({ ...newSecrets(), DATABASE_URL: database.url });
    await removeDatabase(database);
    expect(faults).toEqual([
      expect.stringMatching(
        /^The database .* cannot be used as .*: too many connections for database "\w+"\.$/,
      ),
    ]);
  });

  it('reports in one line that its port is taken', async () => {
    const server = await TestServer.start();
    const { port: PORT } = new URL(server.url);
    const env = {
      ...testSecrets,
      DATABASE_URL: server.database.url,
      PORT,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'silent',
    };
    const faults = await faultsOf(env).finally(() => server.stop());
    expect(faults).toEqual([`Port ${PORT} is taken by another program: stop that one, or set PORT.`]);
  });

  it('reports in one line that its HOST is none', async () => {
    const database = await cloneDatabase();
    const env = { ...testSecrets, DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'silent' };
    for (const HOST of ['no-such-host.invalid', '192.0.2.1'])
      expect(await faultsOf({ ...env, HOST })).toEqual([`HOST ${HOST} is no address of this machine.`]);
    await removeDatabase(database);
  });

  it('refuses an ENCRYPTION_KEY that does not decrypt what is stored, unless the former key is configured too', async () => {
    const before = await TestServer.start();
    const sender = await AlertSender.of(await newTenant(before.url));
    const { database } = before;
    await before.kill();

    const DATABASE_URL = database.url;
    const { JWT_SECRET, ENCRYPTION_KEY } = newSecrets();
    expect(await faultsOf({ DATABASE_URL, JWT_SECRET, ENCRYPTION_KEY })).toEqual([
      expect.stringMatching(/sealed with another ENCRYPTION_KEY \(its id is [0-9a-f]{8}\): set that one/),
    ]);

    const ENCRYPTION_KEYS_OLD = testSecrets.ENCRYPTION_KEY;
    const after = await TestServer.start({ database, env: { ENCRYPTION_KEY, ENCRYPTION_KEYS_OLD } });
    const answer = await sender.on(after.url).send({ title: 'x', description: 'x' });
    expect(answer.status).toBe(202);
    await after.stop();

    // From then on the new one is needed, and the old one by itself is the wrong one.
    const old = { DATABASE_URL, JWT_SECRET, ENCRYPTION_KEY: ENCRYPTION_KEYS_OLD };
    expect(await faultsOf(old)).toEqual([expect.stringMatching(/another ENCRYPTION_KEY/)]);
    await removeDatabase(database);
  });

  it('finds with the query of docs/operations.md what an earlier ENCRYPTION_KEY still seals, overlapping secrets included', async () => {
    const before = await TestServer.start();
    const { database } = before;
    const tenant = await newTenant(before.url);
    const { keyId } = await newKey(tenant);
    const wish = { url: 'http://127.0.0.1:1/', events: ['tenant.updated'] };
    const made = await tenant.api.post<{ subscriptionId: string }>('/v1/webhook-subscriptions', wish);
    const { subscriptionId } = made.body;
    await before.kill();

    const { ENCRYPTION_KEY } = newSecrets();
    const ENCRYPTION_KEYS_OLD = testSecrets.ENCRYPTION_KEY;
    const after = await TestServer.start({ database, env: { ENCRYPTION_KEY, ENCRYPTION_KEYS_OLD } });
    const api = new Api(after.url, tenant.api.token);
    const sealed: string[][] = [await stillSealed(database.url)];
    for (const overlapMinutes of [60, 0]) {
      await api.post(`/v1/api-keys/${keyId}/rotate-secret`, { overlapMinutes });
      await api.post(`/v1/webhook-subscriptions/${subscriptionId}/rotate-secret`, { overlapMinutes });
      sealed.push(await stillSealed(database.url));
    }
    await after.stop();
    await removeDatabase(database);
    // After the first time the old key seals what is good beside the new secrets; the second one ends that.
    expect(sealed).toEqual([[keyId, subscriptionId], [keyId, subscriptionId], []]);
  });

  it('rotates secrets that it cannot decrypt, and uses the new ones', async () => {
    const before = await TestServer.start();
    const { database } = before;
    const tenant = await newTenant(before.url);
    const key = await newKey(tenant);
    const wish = { url: 'http://127.0.0.1:1/', events: ['tenant.updated'] };
    const made = await tenant.api.post<{ subscriptionId: string }>('/v1/webhook-subscriptions', wish);
    const subscription = `/v1/webhook-subscriptions/${made.body.subscriptionId}`;
    await before.kill();

    await sql(database.url, 'DELETE FROM encryption_keys');
    const { ENCRYPTION_KEY } = newSecrets();
    const after = await TestServer.start({ database, env: { ENCRYPTION_KEY } });
    const api = new Api(after.url, tenant.api.token);
    const rotated = await api.post<{ webhookSecret: string }>(`/v1/api-keys/${key.keyId}/rotate-secret`);
    const sender = AlertSender.with({ ...tenant, api }, { ...key, ...rotated.body });
    const alert = await sender.send({ title: 'x', description: 'x' });
    await api.post(`${subscription}/rotate-secret`);
    const test = await api.post(`${subscription}/test`);
    await after.stop();
    await removeDatabase(database);
    expect(alert.status).toBe(202);
    expect(test.body['error']).not.toContain('secret');
  });

  it('explains what to do when a request needs a secret that it cannot decrypt, and serves all other requests', async () => {
    const before = await TestServer.start();
    const { database } = before;
    const tenant = await newTenant(before.url);
    const key = await newKey(tenant, { scopes: ['webhooks:write', 'incidents:read'] });
    const connected = await tenant.api.post<{ ingestUrl: string }>(
      '/v1/integrations/uptime_kuma/connect',
      {},
    );
    const { pathname } = new URL(connected.body.ingestUrl, before.url);
    const change = [
      '/v1/changes',
      { type: 'deploy', service: 'checkout', summary: 'v42' },
      { headers: { 'idempotency-key': 'x' } },
    ] as const;
    expect((await tenant.api.post(...change)).status).toBe(201);
    await before.kill();

    await sql(database.url, 'DELETE FROM encryption_keys');
    const { ENCRYPTION_KEY } = newSecrets();
    const after = await TestServer.start({ database, env: { ENCRYPTION_KEY } });
    const api = new Api(after.url, tenant.api.token);
    const read = await new Api(after.url, key.plaintextKey).get('/v1/incidents');
    const sender = AlertSender.with({ ...tenant, api }, key);
    const unreadable = [
      await sender.send({ title: 'x', description: 'x' }),
      await api.post(pathname, { heartbeat: { status: 0 }, monitor: { name: 'x' }, msg: 'x' }),
      await api.post(...change),
    ];
    await after.stop();
    await removeDatabase(database);
    expect(read.status).toBe(200);
    for (const { status, headers, body } of unreadable) {
      expect([status, body['error'], headers.get('retry-after')]).toEqual([503, 'service_unavailable', '60']);
      expect(body['message']).toMatch(/^A stored secret cannot be decrypted: /);
    }
    expect(after.log).toContain('add it to ENCRYPTION_KEYS_OLD');
  });

  it('reports in one line that its data directory is a link to nowhere', async () => {
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'nowhere'), link);
    expect(await faultsOf({ DATA_DIR: link })).toEqual([
      expect.stringMatching(`^The data directory ${link} cannot be used by this user .*set DATA_DIR`),
    ]);
  });

  it('reports in one line that its data directory is not a directory', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const DATA_DIR of [file, join(file, 'data'), join(folder, 'x'.repeat(300))])
      expect(await faultsOf({ DATA_DIR })).toEqual([
        expect.stringMatching(`^The data directory ${DATA_DIR} is no folder .*set DATA_DIR to one`),
      ]);
  });
});

/** What the query of the page answers about the key that was put to use first. */
async function stillSealed(url: string): Promise<string[]> {
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const [, query = ''] = /```sql\n([^`]+ AS still_sealed [^`]+)```/.exec(page) ?? [];
  const keys = await sql<{ key_id: string }>(url, 'SELECT key_id FROM encryption_keys ORDER BY first_used');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // A text of several statements has as many results.
  const results = (await client
    .query(query.replaceAll('76a76ccc', keys[0]?.key_id ?? ''))
    .finally(() => client.end())) as unknown as pg.QueryResult<{ still_sealed: string }>[];
  return results.at(-1)?.rows.map((row) => row.still_sealed) ?? [];
}
