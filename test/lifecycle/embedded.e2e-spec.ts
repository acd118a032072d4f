import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api } from '../support/api.js';
import { startEmbedded } from '../support/embedded-server.js';
import { runToEnd } from '../support/program.js';
import type { TestServer } from '../support/server.js';

interface Account {
  readonly email: string;
  readonly password: string;
}

/** One story: each test continues where the previous one ended. */
describe('a server with nothing but a data directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-lifecycle-'));
  const dataDir = join(folder, 'data');
  let server: TestServer;
  let account: Account;

  const logIn = async (): Promise<number> =>
    (await new Api(server.url).post('/v1/auth/login', account)).status;

  beforeAll(async () => {
    // Accessible to the user of PostgreSQL, which does not run as root.
    chmodSync(folder, 0o711);
    server = await startEmbedded(dataDir);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('creates its database and its secrets, and prints a next step that works', async () => {
    expect(server.log).toMatch(/Migrating the database \(steps: \d+\)/);
    expect(server.log).toContain('npm run demo');
    const [, url, body] = /curl -s (http:\S+) [^{]*-d '(\{[^']+\})'/.exec(server.log) ?? [];
    expect(url).toBe(`${server.url}/v1/auth/register`);
    expect(await new Api(server.url).post('/v1/auth/register', body)).toMatchObject({ status: 201 });
    const { email, password } = JSON.parse(body ?? '') as Account;
    account = { email, password };
    expect(await new Api(server.url).get('/health/ready')).toMatchObject({ status: 200 });
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('locks its data directory: a second server is refused with a reason, and the first is not disturbed', async () => {
    const second = await runToEnd('dist/main.js', [], { PORT: '0', DATA_DIR: dataDir });
    expect(second.code).toBe(1);
    expect(second.output).toContain(`in use by another server (process ${server.pid})`);
    expect(second.output).not.toContain('    at ');
    expect(await logIn()).toBe(200);
  });

  it('exits with 0 on SIGTERM, and has all its data at the next start', async () => {
    const secrets = readFileSync(join(dataDir, 'secrets.json'), 'utf8');
    expect(await server.stop()).toBe(0);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
    server = await startEmbedded(dataDir);
    expect(server.log).not.toContain('Migrating');
    expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe(secrets);
    expect(await logIn()).toBe(200);
  });

  it('adopts the database that a killed server left running', async () => {
    await server.kill();
    server = await startEmbedded(dataDir);
    expect(server.log).toContain('Took over PostgreSQL');
    expect(await logIn()).toBe(200);
  });

  it('says which file to put back when its secrets were lost, and starts once that is done', async () => {
    await server.stop();
    const path = join(dataDir, 'secrets.json');
    const secrets = readFileSync(path);
    rmSync(path);
    await expect(startEmbedded(dataDir)).rejects.toThrow(`put the former ${path} back`);
    writeFileSync(path, secrets);
    server = await startEmbedded(dataDir);
    expect(await logIn()).toBe(200);
  });
});
