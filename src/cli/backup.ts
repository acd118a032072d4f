// Writes the whole installation to one file, while its server runs or not.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type DatabaseConfig, loadDatabaseConfig } from '#kernel/config/database-config';
import { secretsPath } from '#kernel/config/kept-secrets';
import { SystemClock } from '#kernel/domain/clock';
import { runProgram } from '../run-program.js';
import { BackupError } from './backup/backup-error.js';
import { reachDatabase } from './backup/reach-database.js';
import { ownVersion } from './backup/version.js';
import { writeBackup } from './backup/write-backup.js';

const USAGE = 'Usage: npm run backup -- [FILE] [--with-secrets]';

await runProgram({ failed: 'CauseFlow could not be backed up.', usage: USAGE }, async (say) => {
  const madeAt = new SystemClock().now();
  const { file, withSecrets } = readArguments();
  const path = resolve(file ?? `causeflow-${madeAt.toISOString().replaceAll(/[:.]/g, '-')}.backup.gz`);
  const config = loadDatabaseConfig();
  const secrets = withSecrets ? keptSecrets(config) : undefined;

  const database = await reachDatabase(config, say);
  try {
    say(`Backing up to ${path}`);
    await writeBackup(
      database.url,
      path,
      { madeAt, version: ownVersion(), ...(secrets && { secrets }) },
      say,
    );
  } finally {
    await database.leave();
  }
  say('Done.');
  if (secrets)
    say('The file contains the secrets of this installation: they decrypt every stored credential in it.');
  else
    say(
      `The file does not contain the secrets, and without them no stored credential can be decrypted: keep ${secretsFile(config) ?? 'JWT_SECRET and ENCRYPTION_KEY'} in a separate safe place.`,
    );
});

function readArguments(): { file: string | undefined; withSecrets: boolean } {
  try {
    const options = { 'with-secrets': { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { file: positionals[0], withSecrets: values['with-secrets'] };
  } catch (error) {
    throw new BackupError(`${(error as Error).message}\n${USAGE}`);
  }
}

function keptSecrets(config: DatabaseConfig): object {
  const path = secretsFile(config);
  if (path === undefined) {
    throw new BackupError(
      'The secrets of this installation are in its environment (JWT_SECRET, ENCRYPTION_KEY) and not here: back up without --with-secrets, and keep them yourself.',
    );
  }
  return JSON.parse(readFileSync(path, 'utf8')) as object;
}

/** Undefined where the secrets are in the environment. */
function secretsFile({ databaseUrl, dataDir }: DatabaseConfig): string | undefined {
  const path = secretsPath(dataDir);
  return databaseUrl === undefined && existsSync(path) ? path : undefined;
}
