import { fork } from 'node:child_process';
import { once } from 'node:events';

const GENERATOR = new URL('./load-generator.mjs', import.meta.url).pathname;

/**
 * One bounded run of the load generator, in a process of its own.
 * @param job see load-generator.mjs
 * @returns what it measured; throws when it saw a status that it was not told to expect
 */
export async function load(job) {
  const child = fork(GENERATOR, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(job);
  const [result] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`The load generator ended with ${code}`);
    }),
  ]);
  if (result.error) throw new Error(result.error);
  return result;
}
