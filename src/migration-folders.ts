import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Extension } from '#kernel/extension';
import { extensions as configured } from './extensions.js';

/** The product's own directory, which is beside `dist` in every installation, and those of the extensions. */
export function migrationFolders(extensions: readonly Extension[] = configured): string[] {
  const own = fileURLToPath(new URL('../migrations', import.meta.url));
  if (!existsSync(own)) throw new Error(`The migrations are missing: ${own}`);
  return [own, ...extensions.flatMap(({ migrations }) => migrations ?? [])];
}
