import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { preparePostgresBinaries } from '../../src/kernel/persistence/embedded/postgres-binaries.js';
import { findServerHome, programOptions } from '../../src/kernel/persistence/embedded/server-home.js';
import { CHECKOUT } from '../support/server.js';

it('initdb accepts the arguments in compose.yaml, and creates a database in UTF-8', async () => {
  const [, initdbArgs = ''] =
    /POSTGRES_INITDB_ARGS: (.+)/.exec(readFileSync(join(CHECKOUT, 'compose.yaml'), 'utf8')) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-compose-'));
  try {
    chmodSync(folder, 0o755);
    const home = findServerHome(folder, () => folder);
    mkdirSync(home.cluster);
    if (home.user) chownSync(home.cluster, home.user.uid, home.user.gid);
    const { initdb } = await preparePostgresBinaries(home.user, () => folder);
    const args = [`--pgdata=${home.cluster}`, '--username=causeflow', '--no-sync', ...initdbArgs.split(' ')];
    const output = execFileSync(initdb, args, { ...programOptions(home), encoding: 'utf8' });
    expect(output).toMatch(/default collation: +C\.UTF-8/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
