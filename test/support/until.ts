import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for a condition, never for a time: polls until the result is neither undefined, null nor false.
 * @throws the last error, or one that names the condition, after `seconds`
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  seconds = 30,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== null && answer !== false) {
        return answer as Exclude<T, undefined | null | false>;
      }
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline)
      throw failure instanceof Error ? failure : new Error(`Waited ${seconds} s in vain until ${what}`);
    await pause(20);
  }
}
