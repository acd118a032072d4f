import { fork } from 'node:child_process';

const GENERATOR = new URL('./load-generator.mjs', import.meta.url).pathname;

/**
 * One bounded run of the load generator, in a process of its own.
 * @param job see load-generator.mjs
 * @param onWindow what to do with each window, where the job has windows
 * @returns what it measured; throws when it saw a status that it was not told to expect
 */
export async function load(job, onWindow) {
  const child = fork(GENERATOR, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(job);
  const result = await new Promise((resolve, reject) => {
    child.on('message', (message) => (message.window ? onWindow(message.window) : resolve(message)));
    child.once('exit', (code) => reject(new Error(`The load generator ended with ${code}`)));
  });
  if (result.error) throw new Error(result.error);
  return result;
}
