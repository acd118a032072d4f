// Fills an empty database with months of generated incidents, to test an installation at a realistic size.
import { parseArgs } from 'node:util';
import { loadDatabaseConfig } from '#kernel/config/database-config';
import { SystemClock } from '#kernel/domain/clock';
import { migrate } from '#kernel/persistence/migrate';
import { migrationFolders } from '../migration-folders.js';
import { runProgram } from '../run-program.js';
import { explainDatabase } from '../start-error.js';
import { reachIdleDatabase } from './backup/reach-database.js';
import { SeedError } from './seed/seed-error.js';
import { seedDatabase, type SeedSize } from './seed/seed-database.js';

const USAGE =
  'Usage: npm run seed -- [--incidents 100000] [--events 1000000] [--tenants 1] [--months 6]\n' +
  'At least one incident per tenant and one event per incident.';

await runProgram({ failed: 'The database could not be seeded.', usage: USAGE }, async (say) => {
  const size = readArguments();
  const database = await reachIdleDatabase(loadDatabaseConfig(), say);
  try {
    await migrate(database.url, migrationFolders()).catch((error: unknown) => {
      throw explainDatabase(error, database.url);
    });
    await seedDatabase(database.url, size, new SystemClock().now(), say);
  } finally {
    await database.leave();
  }
});

function readArguments(): SeedSize {
  const options = Object.fromEntries(
    ['incidents', 'events', 'tenants', 'months'].map((name) => [name, { type: 'string' as const }]),
  );
  try {
    const { values } = parseArgs({ options });
    const integer = (name: string, fallback: number): number => {
      const value = Number(values[name] ?? fallback);
      if (!Number.isSafeInteger(value) || value < 1)
        throw new SeedError(`--${name} must be an integer above 0`);
      return value;
    };
    const incidents = integer('incidents', 100_000);
    const size = {
      incidents,
      events: integer('events', incidents * 10),
      tenants: integer('tenants', 1),
      months: integer('months', 6),
    };
    if (size.incidents < size.tenants || size.events < size.incidents)
      throw new SeedError('Too few incidents or events');
    return size;
  } catch (error) {
    throw new SeedError(`${(error as Error).message}\n${USAGE}`);
  }
}
