import type { TestDatabase } from './database.js';
import { type Options, TestServer } from './server.js';

const NONE: TestDatabase = { name: '', url: '' };

/** A server without configuration, with the database and the secrets that it creates under its data directory. */
export function startEmbedded(dataDir: string, options: Options = {}): Promise<TestServer> {
  return TestServer.start({
    ...options,
    database: NONE,
    env: {
      DATABASE_URL: undefined,
      DATABASE_POOL_SIZE: undefined,
      JWT_SECRET: undefined,
      ENCRYPTION_KEY: undefined,
      SIGNUP_ENABLED: undefined,
      DATA_DIR: dataDir,
      ...options.env,
    },
  });
}
