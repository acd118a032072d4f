// Fills an empty installation from a file that `npm run backup` wrote.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type DatabaseConfig, loadDatabaseConfig } from '#kernel/config/database-config';
import { secretsPath } from '#kernel/config/kept-secrets';
import { replacePrivateFile } from '#kernel/config/private-files';
import { migrationFolders } from '../migration-folders.js';
import { runProgram } from '../run-program.js';
import { BackupError } from './backup/backup-error.js';
import { reachIdleDatabase } from './backup/reach-database.js';
import { restoreBackup } from './backup/restore-backup.js';

const USAGE =
  'Usage: npm run restore -- FILE [--migrations FOLDER]\n' +
  'FOLDER, which may be given several times, holds the migrations of an extension that src/extensions.ts does not list.';

await runProgram({ failed: 'CauseFlow could not be restored.', usage: USAGE }, async (say) => {
  const { file, folders } = readArguments();
  const config = loadDatabaseConfig();

  const database = await reachIdleDatabase(config, say);
  try {
    const { secrets } = await restoreBackup(database.url, resolve(file), folders, say);
    say('Done.');
    sayOfSecrets(config, secrets, say);
  } finally {
    await database.leave();
  }
});

function readArguments(): { file: string; folders: readonly string[] } {
  try {
    const options = { migrations: { type: 'string', multiple: true, default: [] as string[] } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [file, ...others] = positionals;
    const missing = values.migrations.find((folder) => !existsSync(folder));
    if (missing !== undefined) throw new Error(`There is no folder ${missing}.`);
    if (file !== undefined && others.length === 0)
      return { file, folders: [...migrationFolders(), ...values.migrations] };
  } catch (error) {
    throw new BackupError(`${(error as Error).message}\n${USAGE}`);
  }
  throw new BackupError(USAGE);
}

function sayOfSecrets(
  { databaseUrl, dataDir }: DatabaseConfig,
  secrets: object | undefined,
  say: (line: string) => void,
): void {
  const path = secretsPath(dataDir);
  if (databaseUrl !== undefined) {
    say(
      'Start the server with the JWT_SECRET and ENCRYPTION_KEY of the old installation: no other reads its credentials.',
    );
    if (secrets) say('They are in the backup: `gzip -cd FILE | head -n 1` shows them.');
  } else if (secrets) {
    replacePrivateFile(path, `${JSON.stringify(secrets, null, 2)}\n`);
    say(`The secrets were in the backup and are now in ${path}.`);
  } else {
    say(
      `The secrets were not in the backup. Before the next start, copy secrets.json of the old installation to ${path}: without it no stored credential can be read.`,
    );
  }
}
