import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CHECKOUT } from './server.js';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/**
 * Runs a built program of the repository, such as `dist/cli/backup.js`.
 * @param env all it is given beside PATH
 */
export function startProgram(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Running {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (output += String(chunk)));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

/** The same, to its end. */
export function runToEnd(...call: Parameters<typeof startProgram>): Promise<Ended> {
  return startProgram(...call).ended;
}
