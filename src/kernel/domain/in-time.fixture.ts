import { createContext, Script } from 'node:vm';

const task: { run: () => unknown } = { run: () => undefined };
const context = createContext(task);
const script = new Script('run()');
const LIMIT_MS = 20_000;

/**
 * Runs synchronous work with a time-out, for texts made to be slow: Jest's own time-out cannot interrupt synchronous code. Make the text
 * so long that anything worse than linear takes minutes.
 * @throws Error `ERR_SCRIPT_EXECUTION_TIMEOUT`
 */
export function inTime<T>(work: () => T): T {
  task.run = work;
  return script.runInContext(context, { timeout: LIMIT_MS }) as T;
}
