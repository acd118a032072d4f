import { alone } from '../harness/alternate.mjs';
import { atOnce } from '../harness/database.mjs';
import { call } from '../harness/senders.mjs';

const INVESTIGATIONS = 40;
const PATIENCE_MS = 60_000;

/** From a critical alert to the end of its investigation, many at once. */
export async function* investigations({ product, sender: { tenantId, token }, runs }) {
  yield await alone({
    work: 'investigations, from manual incident to completed',
    unit: 'investigations/s',
    runs: Math.min(runs, 3),
    subject: { name: 'CauseFlow', measure: () => investigated(product, tenantId, token) },
  });
}

async function investigated({ url, databaseUrl }, tenantId, token) {
  const completed = async () => {
    const sql = `SELECT count(*)::int AS n FROM events WHERE tenant_id = $1 AND type = 'investigation.completed'`;
    const [{ n }] = await atOnce(databaseUrl, sql, [tenantId], [tenantId]);
    return n;
  };
  const wanted = (await completed()) + INVESTIGATIONS;
  const begun = performance.now();
  const body = { title: 'Checkout is down', description: 'No healthy instances', severity: 'critical' };
  const incidents = Array.from({ length: INVESTIGATIONS }, () =>
    call(url, 'POST', '/v1/incidents', { token, body }),
  );
  await Promise.all(incidents);
  while ((await completed()) < wanted) {
    if (performance.now() - begun > PATIENCE_MS)
      throw new Error(`WRONG: ${wanted - (await completed())} investigations did not complete`);
  }
  return INVESTIGATIONS / ((performance.now() - begun) / 1000);
}
