import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Polls until a condition holds.
 * @param problem what is wrong if it does not hold in time: a text, or a function that returns one
 * @returns how long it took, in milliseconds
 */
export async function waitUntil(condition, { timeoutMs, pollMs, problem }) {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > timeoutMs)
      throw new Error(`WRONG: ${typeof problem === 'function' ? problem() : problem}`);
    await sleep(pollMs);
  }
  return performance.now() - startedAt;
}
