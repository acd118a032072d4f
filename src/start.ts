import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DataSource } from 'typeorm';
import { type Config, loadConfig } from '#kernel/config/config';
import { StartError } from '#kernel/config/start-error';
import { keepSecrets, secretsPath } from '#kernel/config/kept-secrets';
import { createLogger, NestLogger } from '#kernel/log/logger';
import { Database } from '#kernel/persistence/database';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';
import { noteEncryptionKey } from '#kernel/persistence/encryption-keys';
import { migrate } from '#kernel/persistence/migrate';
import { createApp } from './create-app.js';
import type { Extension } from '#kernel/extension';
import { extensions as configured } from './extensions.js';
import { migrationFolders } from './migration-folders.js';
import { explainDatabase, explainListen, explainMissingKey, isOfPostgres } from './start-error.js';

/** The time for requests, the current job steps and the embedded database to finish. */
const STOP_MS = 9_000;

export interface RunningServer {
  readonly url: string;
  /** Whether anyone can register. */
  readonly signupEnabled: boolean;
  stop(): Promise<void>;
}

/**
 * Starts configuration, database, migrations and server, in this order.
 * @param more extensions beside those of src/extensions.ts
 * @throws ConfigError, EmbeddedPostgresError and StartError, whose messages are for a terminal
 */
export async function start(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  more: readonly Extension[] = [],
): Promise<RunningServer> {
  const isList: boolean = Array.isArray(more);
  if (!isList)
    throw new StartError(
      'Pass a list of extensions: `serve([yours])`, as examples/on-call-roster/main.ts does.',
    );
  const extensions = [...configured, ...more];
  const folders = migrationFolders(extensions);
  const config = loadConfig(env, keepSecrets);
  const logger = new NestLogger(createLogger(config.logLevel));
  Logger.overrideLogger(logger);
  const embedded = config.databaseUrl === undefined ? await embeddedDatabase(config, say) : undefined;
  const database = new Database(config.databaseUrl ?? embedded?.url ?? '', config.replicaTimeoutSeconds);
  const explain = (error: unknown): never => {
    throw explainDatabase(error, database.url, embedded !== undefined);
  };
  let app: NestExpressApplication | undefined;
  const stop = async (): Promise<void> => {
    const source = app?.get(DataSource, { strict: false });
    // No new connections from here on; Nest would close the server only after the last job.
    app?.getHttpServer().close();
    await app?.close();
    await source?.destroy();
    await embedded?.stop();
  };
  try {
    await migrate(database.url, folders, { say }).catch(explain);
    const missingKey = await noteEncryptionKey(database.url, config).catch(explain);
    if (missingKey !== undefined)
      throw explainMissingKey(missingKey, embedded && secretsPath(config.dataDir));
    app = await createApp({ config, database, extensions }, logger);
    await app.listen(config.port, config.host).catch((error: unknown) => {
      throw explainListen(error, config);
    });
    return { url: addressOf(app), signupEnabled: config.signupEnabled, stop };
  } catch (error) {
    await stop();
    if (isOfPostgres(error)) explain(error);
    throw error;
  }
}

/**
 * Ends the process on SIGTERM and SIGINT: gracefully, and forcibly when that takes too long. A process that is still starting ends
 * at once, because it has accepted no work.
 */
export function stopOnSignals(starting: RunningServer | Promise<RunningServer>): void {
  let server: RunningServer | undefined;
  Promise.resolve(starting).then(
    (running) => (server = running),
    () => undefined,
  );
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    // npm forwards a signal that the terminal has sent to the whole process group, so a second one means nothing.
    if (stopping) return;
    stopping = true;
    new Logger('Stop').log(`Stopping on ${signal}`);
    if (server === undefined) process.exit(0);
    setTimeout(() => {
      // Nothing is lost, but this explains why a step runs again at the next start.
      new Logger('Stop').warn(
        `Work was still under way ${STOP_MS / 1000} s after the signal and was broken off`,
      );
      process.exit(0);
    }, STOP_MS).unref();
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        new Logger('Stop').error(
          error,
          'The server did not stop in good order; the next start takes up what is left',
        );
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

async function embeddedDatabase(config: Config, say: (line: string) => void): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: config.dataDir,
    onNotice: say,
    onExit: (failure) => {
      // Nothing works without the database; the supervisor restarts the process.
      process.stderr.write(`\n${failure.message}\n`);
      process.exit(1);
    },
  });
}

function addressOf(app: NestExpressApplication): string {
  const address: unknown = app.getHttpServer().address();
  const port =
    typeof address === 'object' && address !== null && 'port' in address ? String(address.port) : '';
  return `http://localhost:${port}`;
}
