import 'reflect-metadata';
import type { Extension } from '#kernel/extension';
import { nextSteps } from './next-steps.js';
import { runProgram } from './run-program.js';
import { start, stopOnSignals } from './start.js';

/** Runs the server until it is told to stop: all that a program does that serves the product, with or without extensions. */
export async function serve(extensions?: readonly Extension[]): Promise<void> {
  await runProgram('CauseFlow could not start.', async (say) => {
    const server = await start(process.env, say, extensions);
    stopOnSignals(server);
    say(nextSteps(server.url));
  });
}
