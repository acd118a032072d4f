import 'reflect-metadata';
// First: the others import the extensions of src/extensions.ts.
import { importsAreDone } from './failed-import.js';
import { setFlagsFromString } from 'node:v8';
import type { Extension } from '#kernel/extension';
import { nextSteps } from './next-steps.js';
import { runProgram } from './run-program.js';
import { start, stopOnSignals } from './start.js';

/**
 * How far the heap may grow above the live data before a collection, in per cent. V8's default is a factor of four: after a large
 * investigation or a burst of alerts 100 MiB more garbage would stay in memory, without being faster.
 */
const HEAP_GROWTH = 50;
/**
 * By default V8 may create objects directly among the old ones, where earlier objects of the same line of code lived long: with alerts in
 * flight these are the parameters of a batch, whose texts then stay in memory until a full collection.
 */
const NO_PRETENURING = '--no-allocation-site-pretenuring';

/** Runs the server, with or without extensions, until it is told to stop. */
export async function serve(extensions?: readonly Extension[]): Promise<void> {
  importsAreDone();
  // Standard output may be a full disk or a closed pipe.
  process.stdout.on('error', () => undefined);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
  setFlagsFromString(NO_PRETENURING);
  await runProgram({ failed: 'CauseFlow could not start.' }, async (say) => {
    const starting = start(process.env, say, extensions);
    stopOnSignals(starting);
    say(nextSteps(await starting));
  });
}
