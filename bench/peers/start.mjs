import { compilePeer } from '../harness/compile-peer.mjs';
import { startProcess } from '../harness/processes.mjs';
import { makeSenders } from '../harness/senders.mjs';

const at = (path) => new URL(path, import.meta.url).pathname;

/** Plain `node:http` over a database like the product's. */
export async function startNodeHttp(databaseUrl) {
  const senders = makeSenders(8);
  const server = await startProcess(process.execPath, [at('node-http.mjs')], {
    env: { DATABASE_URL: databaseUrl, SENDERS: JSON.stringify(senders) },
  });
  return { name: 'node:http', ...server, databaseUrl, senders };
}

/** Nest as it is commonly generated, over a database of its own. */
export async function startGeneratedNest(databaseUrl) {
  const senders = makeSenders(8);
  const server = await startProcess(process.execPath, [compilePeer('generated-nest')], {
    env: { DATABASE_URL: databaseUrl, SENDERS: JSON.stringify(senders) },
  });
  return { name: 'generated Nest', ...server, databaseUrl, senders, mostPerSecond: 5_000 };
}
