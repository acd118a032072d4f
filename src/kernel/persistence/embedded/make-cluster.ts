import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { syncDir } from '../../config/private-files.js';
import { explainFailure } from './embedded-postgres-error.js';
import { programOptions, type ServerHome } from './server-home.js';
import { stopOnExit } from './stop-postmaster.js';

export const SUPERUSER = 'postgres';

/**
 * Runs initdb in a temporary directory and renames the result into place: a cluster exists completely or not at all. An
 * interrupted first start needs no marker, and an orphaned initdb cannot write into the next one's directory.
 */
export async function makeCluster(
  home: ServerHome,
  initdb: string,
  password: string,
  durable: boolean,
): Promise<void> {
  for (const name of readdirSync(home.dir)) {
    if (name.startsWith('initdb-'))
      rmSync(join(home.dir, name), { recursive: true, force: true, maxRetries: 5 });
  }
  if (existsSync(home.cluster)) return;

  const workplace = mkdtempSync(join(home.dir, 'initdb-'));
  const passwordFile = join(workplace, 'password');
  const cluster = join(workplace, 'postgres');
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    const { user } = home;
    if (user) [passwordFile, workplace].forEach((path) => chownSync(path, user.uid, user.gid));
    const making = promisify(execFile)(
      initdb,
      [
        `--pgdata=${cluster}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Sorts and folds case the same on every platform, and an upgrade of the C library cannot corrupt an index.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        ...(durable ? [] : ['--no-sync']),
      ],
      programOptions(home),
    );
    stopOnExit(making.child);
    await making;
    renameSync(cluster, home.cluster);
    syncDir(home.dir);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw explainFailure(`PostgreSQL could not make a database in ${home.dir}`, stderr ?? String(error));
  } finally {
    rmSync(workplace, { recursive: true, force: true, maxRetries: 5 });
  }
}
