import 'reflect-metadata';
import { nextSteps } from './next-steps.js';
import { runProgram } from './run-program.js';
import { start, stopOnSignals } from './start.js';

await runProgram('CauseFlow could not start.', async (say) => {
  const server = await start(process.env, say);
  stopOnSignals(server);
  say(nextSteps(server.url));
});
