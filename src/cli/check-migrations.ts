// check-migrations [folder…]: proves that the migrations, and those of an extension in other folders, can be run, taken back and run
// again, and that the mapped classes fit the tables they make.
import 'reflect-metadata';
import { runMigrations as migrateJobs } from 'graphile-worker';
import { loadDatabaseConfig } from '#kernel/config/database-config';
import { applicationDataSource, ownerDataSource } from '#kernel/persistence/data-source';
import { sqlMigrations } from '#kernel/persistence/sql-migrations';
import '../app.module.js'; // brings every mapped class along
import { migrationFolders } from '../migration-folders.js';
import { runProgram } from '../run-program.js';
import { mappingFaults } from './migrations/mapping.js';
import { withScratchDatabase } from './migrations/scratch-database.js';
import { upDownUp } from './migrations/up-down-up.js';

await runProgram({ failed: 'The migrations could not be checked.' }, async (say) => {
  const { databaseUrl } = loadDatabaseConfig();
  const { count, faults } = await withScratchDatabase(databaseUrl, check);
  faults.forEach(say);
  say(
    `${count} migrations up, down and up again: ${faults.length === 0 ? 'sound' : `${faults.length} faults`}.`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
});

async function check(url: string): Promise<{ count: number; faults: string[] }> {
  // Theirs come first at every start too, since ours use them.
  await migrateJobs({ connectionString: url });
  const owner = await ownerDataSource(
    url,
    sqlMigrations([...migrationFolders(), ...process.argv.slice(2)]),
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
