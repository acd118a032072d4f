// Compiles on every change and restarts the server when a loaded file changed.
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const node = (...args) => [process.execPath, args, { cwd, stdio: 'inherit' }];

spawnSync(...node('scripts/build-when-stale.mjs'));
const children = [
  spawn(...node(tsc, '-p', 'tsconfig.json', '--watch', '--preserveWatchOutput')),
  spawn(...node('--watch', '--watch-preserve-output', '--enable-source-maps', 'dist/main.js')),
];

const stop = () => children.forEach((child) => child.kill());
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
for (const child of children) child.once('exit', stop);
