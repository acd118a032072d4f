// Compiles src into dist if something in src is newer than the last successful build, so that `npm start` needs no
// separate build step. `--always` compiles unconditionally.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const absolute = (path) => join(root, path);
const [src, dist, main, stamp] = ['src', 'dist', 'dist/main.js', 'dist/.built'].map(absolute);

const modifiedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Includes the modification time of folders, which changes when a file is removed or renamed. */
function hasNewer(folder, time) {
  if (modifiedAt(folder) > time) return true;
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? hasNewer(path, time) : modifiedAt(path) > time;
  });
}

function isStale() {
  if (!existsSync(main) || !existsSync(stamp)) return true;
  const builtAt = modifiedAt(stamp);
  const settings = ['tsconfig.json', 'package.json', 'package-lock.json'].map(absolute);
  return settings.some((path) => modifiedAt(path) > builtAt) || hasNewer(src, builtAt);
}

function compile() {
  const started = new Date();
  // If main.js is gone, other output may be too, but an incremental build would skip unchanged files.
  if (!existsSync(main)) rmSync(join(dist, '.tsbuildinfo'), { force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', absolute('tsconfig.json')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) return status ?? 1;
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, '');
  // The start time, since a file edited during the build may have been read before the edit.
  utimesSync(stamp, started, started);
  return 0;
}

const always = process.argv.includes('--always');
// The Docker image has dist but no src.
if (existsSync(src) && (always || isStale())) {
  console.log('Compiling…');
  process.exitCode = compile();
}
