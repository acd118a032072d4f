import { findProgram, freePort, makeFolder, startProcess } from './processes.mjs';

/** One NATS server with JetStream, on the loopback; nothing where none is installed. */
export async function startNats() {
  const program = findProgram('nats-server');
  if (!program) return undefined;
  const port = await freePort();
  const server = await startProcess(
    program,
    ['--jetstream', '--store_dir', makeFolder('nats'), '--addr', '127.0.0.1', '--port', String(port)],
    { port },
  );
  return { ...server, url: `nats://127.0.0.1:${port}` };
}
