// Fills an empty database with months of made-up incidents, to see how an installation behaves when it has grown.
import { parseArgs } from 'node:util';
import { loadDatabaseConfig } from '#kernel/config/database-config';
import { SystemClock } from '#kernel/domain/clock';
import { migrate } from '#kernel/persistence/migrate';
import { migrationFolders } from '../migration-folders.js';
import { runProgram } from '../run-program.js';
import { explainDatabase } from '../start-error.js';
import { reachIdleDatabase } from './backup/reach-database.js';
import { SeedError } from './seed/seed-error.js';
import { type Amount, seedDatabase } from './seed/seed-database.js';

const USAGE =
  'Usage: npm run seed -- [--incidents 100000] [--events 1000000] [--tenants 1] [--months 6]\n' +
  'At least one incident a tenant, and at least one event an incident.';

await runProgram({ failed: 'The database could not be seeded.', usage: USAGE }, async (say) => {
  const amount = readArguments();
  const database = await reachIdleDatabase(loadDatabaseConfig(), say);
  try {
    await migrate(database.url, migrationFolders()).catch((error: unknown) => {
      throw explainDatabase(error, database.url);
    });
    await seedDatabase(database.url, amount, new SystemClock().now(), say);
  } finally {
    await database.leave();
  }
});

function readArguments(): Amount {
  const options = Object.fromEntries(
    ['incidents', 'events', 'tenants', 'months'].map((name) => [name, { type: 'string' as const }]),
  );
  try {
    const { values } = parseArgs({ options });
    const whole = (name: string, otherwise: number): number => {
      const value = Number(values[name] ?? otherwise);
      if (!Number.isSafeInteger(value) || value < 1)
        throw new SeedError(`--${name} must be a whole number above 0`);
      return value;
    };
    const incidents = whole('incidents', 100_000);
    const amount = {
      incidents,
      events: whole('events', incidents * 10),
      tenants: whole('tenants', 1),
      months: whole('months', 6),
    };
    if (amount.incidents < amount.tenants || amount.events < amount.incidents)
      throw new SeedError('Too few incidents or events');
    return amount;
  } catch (error) {
    throw new SeedError(`${(error as Error).message}\n${USAGE}`);
  }
}
