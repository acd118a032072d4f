import { createContext, Script } from 'node:vm';

const task: { run: () => unknown } = { run: () => undefined };
const context = createContext(task);
const script = new Script('run()');
const LIMIT_MS = 20_000;

/**
 * Does work on a text that was made to be slow, and breaks it off where it would hardly end: Jest's own limit waits for what
 * is synchronous, however long it takes. The text is to be so long that more than linear work takes minutes.
 * @throws Error `ERR_SCRIPT_EXECUTION_TIMEOUT`
 */
export function inTime<T>(work: () => T): T {
  task.run = work;
  return script.runInContext(context, { timeout: LIMIT_MS }) as T;
}
