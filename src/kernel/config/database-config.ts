import { resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { EnvironmentReader } from './environment.js';

export interface DatabaseConfig {
  /** Undefined means the embedded database under `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}

/** The configuration of programs beside the server. @throws ConfigError */
export function loadDatabaseConfig(): DatabaseConfig {
  const read = new EnvironmentReader(process.env);
  const config = readDatabase(read);
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return config;
}

export function readDatabase(read: EnvironmentReader): DatabaseConfig {
  return {
    databaseUrl: read.url('DATABASE_URL', ['postgres:', 'postgresql:']),
    dataDir: resolve(read.text('DATA_DIR') ?? '.causeflow'),
  };
}
