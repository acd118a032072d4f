import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits for a condition, never for a time: polls until the result is neither undefined, null nor false. The limit is far above what any
 * condition needs, on a crowded machine too; it is there for those that never come true.
 * @throws the last error, or one that names the condition, after `seconds`
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  seconds = 120,
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

/**
 * For what is promised within a time: waits until it holds or that time is over. Then it must hold, however slow the machine is.
 */
export async function within(seconds: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  await until(`${what}, or ${seconds} s are over`, async () => performance.now() > end || (await holds()));
  if (!(await holds())) throw new Error(`After ${seconds} s it does not hold that ${what}`);
}
