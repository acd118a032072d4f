import { compilePeer } from '../harness/compile-peer.mjs';
import { startProcess } from '../harness/processes.mjs';
import { makeSenders } from '../harness/senders.mjs';

const pathOf = (path) => new URL(path, import.meta.url).pathname;

/** Plain `node:http`, over a database with the product's schema. */
export async function startNodeHttp(databaseUrl) {
  const senders = makeSenders(8);
  const server = await startProcess(process.execPath, [pathOf('node-http.mjs')], {
    env: { DATABASE_URL: databaseUrl, SENDERS: JSON.stringify(senders) },
  });
  return { name: 'node:http', ...server, databaseUrl, senders };
}

/** Nest as a code generator writes it, over its own empty database. */
export async function startGeneratedNest(databaseUrl) {
  const senders = makeSenders(8);
  const server = await startProcess(process.execPath, [compilePeer('generated-nest')], {
    env: { DATABASE_URL: databaseUrl, SENDERS: JSON.stringify(senders) },
  });
  return { name: 'generated Nest', ...server, databaseUrl, senders, maxRate: 5_000 };
}
