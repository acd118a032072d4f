import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { StartError } from '#kernel/config/start-error';
import type { Extension } from '#kernel/extension';
import { checkThoseOfExtensions } from '#kernel/persistence/sql-migrations';
import { extensions as configured } from './extensions.js';

/**
 * The product's own directory, which is beside `dist` in every installation, and those of the extensions.
 * @throws StartError for an extension that names none, or one with an invalid file
 */
export function migrationFolders(extensions: readonly Extension[] = configured): string[] {
  const own = fileURLToPath(new URL('../migrations', import.meta.url));
  if (!existsSync(own))
    throw new StartError(
      `The migrations are missing: put back the folder ${own}, which belongs to CauseFlow.`,
    );
  return [own, ...extensions.flatMap(foldersOf)];
}

/** @param extension possibly from JavaScript, where nothing checks its type */
function foldersOf(extension: Partial<Extension> | undefined): readonly string[] {
  const { module, migrations = [] } = extension ?? {};
  if (module === undefined)
    throw new StartError(
      'An extension has no `module`: list what its file exports, as examples/on-call-roster/main.ts does.',
    );
  try {
    const isList: boolean = Array.isArray(migrations);
    if (!isList) throw new StartError('`migrations` must be a list of folders.');
    checkThoseOfExtensions(migrations);
    return migrations;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const { name } = typeof module === 'function' ? module : module.module;
    throw new StartError(`Extension ${name}: ${error.message}`, { cause: error });
  }
}
