import 'reflect-metadata';
import { setFlagsFromString } from 'node:v8';
import type { Extension } from '#kernel/extension';
import { nextSteps } from './next-steps.js';
import { runProgram } from './run-program.js';
import { start, stopOnSignals } from './start.js';

/**
 * How far, in per cent, the heap may grow over what is in use before it is swept. Left to itself V8 lets it grow to four
 * times that: a large case or a burst of alerts would leave 100 MiB more of garbage lying about, and be no faster for it.
 */
const HEAP_GROWTH = 50;

/** Runs the server until it is told to stop: all that a program does that serves the product, with or without extensions. */
export async function serve(extensions?: readonly Extension[]): Promise<void> {
  // What is said may find no room, or no reader any more.
  process.stdout.on('error', () => undefined);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  await runProgram({ failed: 'CauseFlow could not start.' }, async (say) => {
    const starting = start(process.env, say, extensions);
    stopOnSignals(starting);
    say(nextSteps(await starting));
  });
}
