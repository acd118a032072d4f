import 'reflect-metadata';
import { start, stopOnSignals } from './start.js';
import { nextSteps } from './next-steps.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

try {
  const server = await start(process.env, say);
  stopOnSignals(server);
  say(nextSteps(server.url));
} catch (error) {
  const { name, message, stack } = error as Error;
  // Whoever starts a server wants to know what to change; where in our code it was noticed helps only with our faults.
  const readable = ['ConfigError', 'EmbeddedPostgresError', 'DataDirInUseError', 'KeptSecretsError'].includes(
    name,
  );
  process.stderr.write(`\nCauseFlow could not start.\n${readable ? message : (stack ?? message)}\n`);
  process.exit(1);
}
