import { createRequire } from 'node:module';
import type * as Graphile from 'graphile-worker';

const load = createRequire(import.meta.url);
/*
 * While it is imported, graphile-worker looks for configuration in the working directory and all above it. It would run a file that
 * another user put there, and end where one cannot be read or the user has no home directory. So it finds nothing.
 */
Object.assign(createRequire(load.resolve('graphile-worker'))('cosmiconfig') as object, {
  cosmiconfigSync: () => ({ search: () => null }),
});

export const { Logger, parseCronItems, run, runMigrations } = load('graphile-worker') as typeof Graphile;
