import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CHECKOUT } from './server.js';

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs a built program of the repository, such as `dist/cli/backup.js`, to its end.
 * @param env all it is given beside PATH
 */
export async function runToEnd(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
