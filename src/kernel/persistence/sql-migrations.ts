import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export type MigrationClass = (new () => MigrationInterface) & { readonly migrationName: string };

const FILE = /^(\d{13})-([a-z0-9-]+)\.sql$/;

/**
 * Reads `<13-digit time>-<name>.sql` files, each with an `-- up` and a `-- down` part, as TypeORM migrations.
 * Plain SQL, because that is what operators review before a migration runs on their database.
 * @param only the names to keep
 */
export function sqlMigrations(directories: readonly string[], only?: readonly string[]): MigrationClass[] {
  return directories
    .flatMap((directory) => readdirSync(directory).map((file) => join(directory, file)))
    .filter((path) => path.endsWith('.sql'))
    .sort((a, b) => basename(a).localeCompare(basename(b)))
    .map(migrationFrom)
    .filter(({ migrationName }) => only?.includes(migrationName) ?? true);
}

function migrationFrom(path: string): MigrationClass {
  const [, time, name] = FILE.exec(basename(path)) ?? [];
  const [, up, down] = /^-- up$([\s\S]*)^-- down$([\s\S]*)/m.exec(readFileSync(path, 'utf8')) ?? [];
  if (time === undefined || name === undefined)
    throw new Error(`${path} is not named <13 digits>-<name>.sql`);
  if (up === undefined || down === undefined)
    throw new Error(`${path} needs an "-- up" and a "-- down" part`);
  const migrationName = `${name}${time}`;
  return class implements MigrationInterface {
    static readonly migrationName = migrationName;
    readonly name = migrationName;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(up);
    }
    async down(runner: QueryRunner): Promise<void> {
      await runner.query(down);
    }
  };
}
