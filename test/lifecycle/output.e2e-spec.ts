import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { cloneDatabase, removeDatabase } from '../support/database.js';
import { freePorts } from '../support/free-ports.js';
import { CHECKOUT, SECRETS } from '../support/server.js';
import { until } from '../support/until.js';

/** Every write to it finds the disk full. */
const FULL = '/dev/full';

(process.platform === 'linux' ? it : it.skip)(
  'a server keeps serving when the disk of its log is full',
  async () => {
    const database = await cloneDatabase();
    const [port] = await freePorts(1);
    const output = openSync(FULL, 'w');
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: CHECKOUT,
      stdio: ['ignore', output, 'inherit'],
      env: { PORT: String(port), HOST: '127.0.0.1', ...SECRETS, DATABASE_URL: database.url },
    });
    closeSync(output);
    const exited = once(child, 'exit');
    const ask = async (path: string): Promise<number> => {
      expect(child.exitCode).toBeNull();
      return (await fetch(`http://127.0.0.1:${String(port)}${path}`)).status;
    };
    try {
      await until('it is ready', async () => (await ask('/health/ready')) === 200);
      // Each has a line in the log.
      for (let times = 0; times < 3; times += 1) expect(await ask('/no/such/address')).toBe(404);
      expect(await ask('/health/ready')).toBe(200);
    } finally {
      child.kill('SIGKILL');
      await exited;
      await removeDatabase(database);
    }
  },
);
