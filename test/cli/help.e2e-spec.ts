import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../support/server.js';

describe('--help', () => {
  it.each(['backup', 'restore', 'seed', 'eval'])('of %s prints its usage, and does nothing', (program) => {
    const DATA_DIR = join(CHECKOUT, '.causeflow', 'never-made');
    const options = { cwd: CHECKOUT, env: { DATA_DIR }, encoding: 'utf8' } as const;
    const ran = spawnSync(process.execPath, [`dist/cli/${program}.js`, '--help'], options);
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toMatch(new RegExp(`^Usage: npm run ${program} -- .+\n`));
    expect(existsSync(DATA_DIR)).toBe(false);
  });
});
