import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { StartError } from '../config/start-error.js';

export type MigrationClass = (new () => MigrationInterface) & { readonly migrationName: string };

/** SQLSTATEs of a schema, table, type or function that exists already. */
const EXISTS = /^42(P06|P07|710|723)$/;

/** Its cause is the error of PostgreSQL. TypeORM runs each migration in a transaction. */
export class FailedMigration extends StartError {
  constructor(path: string, cause: Error & { readonly code?: string }) {
    const advice = EXISTS.test(cause.code ?? '')
      ? 'CauseFlow needs a database of its own, which is empty at the first start'
      : 'Correct it, or report it if it belongs to CauseFlow';
    super(`The migration ${path} failed and was rolled back: ${cause.message}. ${advice}.`, { cause });
  }
}

const FILE = /^(\d{13})-([a-z0-9-]+)\.sql$/;

/** The migrations of extensions have this number or a higher one. */
const FIRST_OF_EXTENSIONS = 1_765_000_000_000;

/** Whether a migration is CauseFlow's, by its name. */
export function isOwn(migrationName: string): boolean {
  return Number(migrationName.slice(-13)) < FIRST_OF_EXTENSIONS;
}

/**
 * Reads `<13-digit time>-<name>.sql` files, each with an `-- up` and a `-- down` part, as TypeORM migrations.
 * Plain SQL, because that is what operators review before a migration runs on their database.
 * @param only the names to keep
 * @throws StartError
 */
export function sqlMigrations(directories: readonly string[], only?: readonly string[]): MigrationClass[] {
  const paths = directories
    .flatMap(filesIn)
    .filter((path) => path.endsWith('.sql'))
    .sort((a, b) => basename(a).localeCompare(basename(b)));
  paths.forEach((path, at) => {
    const previous = paths[at - 1];
    if (previous !== undefined && basename(previous) === basename(path))
      throw new StartError(`The migrations ${previous} and ${path} have the same name: rename one of them.`);
  });
  return paths.map(migrationFrom).filter(({ migrationName }) => only?.includes(migrationName) ?? true);
}

/** @throws StartError for an invalid file, or one that would run before the schema it needs and pass for one of CauseFlow's */
export function checkThoseOfExtensions(directories: readonly string[]): void {
  const own = sqlMigrations(directories).find(({ migrationName }) => isOwn(migrationName));
  if (own === undefined) return;
  const file = own.migrationName.replace(/^(.*)(\d{13})$/, '$2-$1.sql');
  throw new StartError(
    `The migration ${file} must begin with ${FIRST_OF_EXTENSIONS} or more, since what is before is CauseFlow's: rename it.`,
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((file) => join(folder, file));
  } catch (error) {
    throw unreadable(`folder of migrations ${folder}`, error, 'create it, or correct its path');
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(`migration ${path}`, error, 'make it a file that this user may read');
  }
}

function unreadable(what: string, cause: unknown, advice: string): StartError {
  return new StartError(`The ${what} cannot be read (${(cause as Error).message}): ${advice}.`, { cause });
}

function migrationFrom(path: string): MigrationClass {
  const [, time, name] = FILE.exec(basename(path)) ?? [];
  if (time === undefined || name === undefined)
    throw new StartError(`The migration ${path} must be named <13 digits>-<name>.sql: rename it.`);
  const [, up, down] = /^-- up$([\s\S]*)^-- down$([\s\S]*)/m.exec(contentOf(path)) ?? [];
  if (up === undefined || down === undefined)
    throw new StartError(
      `The migration ${path} needs the line "-- up" before its statements, and below them the line "-- down" before those that undo them.`,
    );
  const migrationName = `${name}${time}`;
  return class implements MigrationInterface {
    static readonly migrationName = migrationName;
    readonly name = migrationName;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(up).catch((error: unknown) => {
        throw new FailedMigration(path, error as Error);
      });
    }
    async down(runner: QueryRunner): Promise<void> {
      await runner.query(down);
    }
  };
}
