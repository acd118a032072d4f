import { startProduct } from './harness/processes.mjs';
import { registerSenders } from './harness/senders.mjs';
import { startGeneratedNest, startNodeHttp } from './peers/start.mjs';
import { newAlerts, storedByProduct } from './work/alerts.mjs';

const TENANTS = 8;

/** What can be measured, by the names that `--only` takes. Each yields rows, and sentences about what it left out. */
export const works = { alerts };

async function startReceiver(databases, env = {}) {
  const databaseUrl = await databases.create();
  const server = await startProduct(databaseUrl, { ROLE: 'api', ...env });
  const senders = await registerSenders(server.url, TENANTS);
  const product = { ...server, databaseUrl, senders };
  return { ...product, verify: storedByProduct(product) };
}

async function* alerts(databases, { peers, runs, seconds }) {
  const product = await startReceiver(databases);
  const started = [];
  if (peers) {
    const plain = await startNodeHttp(await databases.create());
    started.push({ ...plain, verify: storedByProduct(plain) });
    started.push(await startGeneratedNest(await databases.create({ empty: true })));
  }
  yield* newAlerts({ product, peers: started, runs, seconds });
  for (const { stop } of [product, ...started]) await stop();
}
