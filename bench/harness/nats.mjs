import { findProgram, freePort, makeTempFolder, startProcess } from './processes.mjs';

/** A NATS server with JetStream, on loopback. @returns undefined if it is not installed */
export async function startNats() {
  const program = findProgram('nats-server');
  if (!program) return undefined;
  const port = await freePort();
  const server = await startProcess(
    program,
    ['--jetstream', '--store_dir', makeTempFolder('nats'), '--addr', '127.0.0.1', '--port', String(port)],
    { port },
  );
  return { ...server, url: `nats://127.0.0.1:${port}` };
}
