import { fork } from 'node:child_process';

const GENERATOR = new URL('./load-generator.mjs', import.meta.url).pathname;

/**
 * One bounded run of the load generator, in a child process.
 * @param job see load-generator.mjs
 * @param onWindow called with each window of a job that has windows
 * @returns the result; throws on a status that the job does not expect
 */
export async function runLoad(job, onWindow) {
  const child = fork(GENERATOR, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(job);
  const result = await new Promise((resolve, reject) => {
    child.on('message', (message) => (message.window ? onWindow(message.window) : resolve(message)));
    child.once('exit', (code) => reject(new Error(`The load generator ended with code ${code}`)));
  });
  if (result.error) throw new Error(result.error);
  return result;
}
