// Compiles src into dist when something under src is newer than the last build that succeeded, so that `npm start`
// needs no build step of its own and costs nothing when there is nothing to do. `--always` compiles anyway.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (path) => join(root, path);
const [src, dist, main, stamp] = ['src', 'dist', 'dist/main.js', 'dist/.built'].map(at);

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** A folder's own time counts too: it changes when a file in it is removed or renamed. */
function anyNewer(folder, than) {
  if (modified(folder) > than) return true;
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? anyNewer(path, than) : modified(path) > than;
  });
}

function isStale() {
  if (!existsSync(main) || !existsSync(stamp)) return true;
  const built = modified(stamp);
  const settings = ['tsconfig.json', 'package.json', 'package-lock.json'].map(at);
  return settings.some((path) => modified(path) > built) || anyNewer(src, built);
}

function compile() {
  const started = new Date();
  // Without main.js the rest of dist is not to be trusted either, and the compiler would believe its own notes.
  if (!existsSync(main)) rmSync(join(dist, '.tsbuildinfo'), { force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', at('tsconfig.json')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) return status ?? 1;
  mkdirSync(dist, { recursive: true });
  writeFileSync(stamp, '');
  // As of the start: what was edited while the compiler ran has not been read for sure.
  utimesSync(stamp, started, started);
  return 0;
}

const always = process.argv.includes('--always');
// An image that ships dist alone has nothing to compile.
if (existsSync(src) && (always || isStale())) {
  console.log('Compiling…');
  process.exitCode = compile();
}
