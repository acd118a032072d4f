import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { newTenant } from '../support/api.js';
import { startEmbedded } from '../support/embedded-server.js';
import { CHECKOUT, TestServer } from '../support/server.js';

const NOBODY = { uid: 65534, gid: 65534 };
/** The user of the test run, unless that is root. */
const user = process.getuid?.() === 0 ? NOBODY : undefined;

/** As in a container that is run with any user id. */
const NAMELESS = user && { uid: 271_828, gid: 0 };

const canRun = (cwd: string): boolean =>
  spawnSync(
    process.execPath,
    ['-e', 'process.chdir(process.argv[1]); require("fs").openSync("dist/main.js")', cwd],
    {
      ...user,
      cwd: '/',
    },
  ).status === 0;

describe('the server of an ordinary user', () => {
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-ordinary-'));
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true }));

  /** The checkout, or a copy where the user can get at it. */
  function reachableCheckout(): string {
    if (canRun(CHECKOUT)) return CHECKOUT;
    const copy = join(folder, 'checkout');
    if (existsSync(copy)) return copy;
    const parts = ['dist', 'migrations', 'node_modules', 'package.json'].map((name) => join(CHECKOUT, name));
    execFileSync('mkdir', [copy]);
    execFileSync('cp', ['-a', ...parts, copy]);
    return copy;
  }

  it('starts with a database of that user, and stops gracefully', async () => {
    const data = join(folder, 'home');
    execFileSync('mkdir', [data]);
    if (user) chownSync(data, user.uid, user.gid);
    const dataDir = join(data, 'data');
    const server = await startEmbedded(dataDir, { user, cwd: reachableCheckout(), env: { HOME: data } });
    await newTenant(server.url);
    expect(statSync(join(dataDir, 'postgres')).uid).toBe(user?.uid ?? process.getuid?.());
    expect(await server.stop()).toBe(0);
  });

  it.each(['all', 'api', 'worker'])(
    'starts with ROLE=%s without a name, a home directory and access to the working directory',
    async (ROLE) => {
      const cwd = mkdtempSync(join(folder, 'of-root-'));
      const main = join(reachableCheckout(), 'dist/main.js');
      const server = await TestServer.start({ user: NAMELESS, cwd, main, env: { ROLE } });
      expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
      expect(await server.stop()).toBe(0);
    },
  );

  it('runs no file of the folders above the working directory', async () => {
    const cwd = join(folder, 'of-others/of-user');
    mkdirSync(cwd, { recursive: true });
    const marker = join(cwd, 'ran');
    writeFileSync(
      join(cwd, '../graphile-worker.config.js'),
      `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`,
    );
    const server = await TestServer.start({ cwd, main: join(CHECKOUT, 'dist/main.js') });
    await server.stop();
    expect(existsSync(marker)).toBe(false);
  });
});
