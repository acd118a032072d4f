// check-migrations [folder…]: checks that the migrations, and those of an extension in other directories, run up, down and up
// again, and that the mapped classes match the tables.
import 'reflect-metadata';
import { loadDatabaseConfig } from '#kernel/config/database-config';
import { runMigrations as migrateJobs } from '#kernel/jobs/graphile-worker';
import { applicationDataSource, ownerDataSource } from '#kernel/persistence/data-source';
import { checkThoseOfExtensions, sqlMigrations } from '#kernel/persistence/sql-migrations';
import '../app.module.js'; // loads every mapped class
import { migrationFolders } from '../migration-folders.js';
import { runProgram } from '../run-program.js';
import { mappingFaults } from './migrations/mapping.js';
import { withScratchDatabase } from './migrations/scratch-database.js';
import { upDownUp } from './migrations/up-down-up.js';

await runProgram({ failed: 'The migrations could not be checked.' }, async (say) => {
  const ofExtensions = process.argv.slice(2);
  checkThoseOfExtensions(ofExtensions);
  const { databaseUrl } = loadDatabaseConfig();
  const { count, faults } = await withScratchDatabase(databaseUrl, (url) => check(url, ofExtensions));
  faults.forEach(say);
  say(
    `${count} migrations up, down and up again: ${faults.length === 0 ? 'sound' : `${faults.length} faults`}.`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
});

async function check(
  url: string,
  ofExtensions: readonly string[],
): Promise<{ count: number; faults: string[] }> {
  // graphile-worker's come first, as at every start: ours use its schema.
  await migrateJobs({ connectionString: url });
  const owner = await ownerDataSource(
    url,
    sqlMigrations([...migrationFolders(), ...ofExtensions]),
  ).initialize();
  try {
    const faults = await upDownUp(owner);
    const application = await applicationDataSource({ url, poolSize: 1 }).initialize();
    try {
      faults.push(...(await mappingFaults(application)));
    } finally {
      await application.destroy();
    }
    return { count: owner.migrations.length, faults };
  } finally {
    await owner.destroy();
  }
}
