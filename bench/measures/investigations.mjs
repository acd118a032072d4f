import { queryOnce } from '../harness/database.mjs';
import { repeat, withoutPeer } from '../harness/rows.mjs';
import { callApi } from '../harness/senders.mjs';
import { waitUntil } from '../harness/wait-until.mjs';

const INVESTIGATIONS = 40;
const INCIDENT = { title: 'Checkout is down', description: 'No healthy instances', severity: 'critical' };

/** From critical incidents, all opened concurrently, to the end of their investigations. */
export async function* investigations({ product, sender: { tenantId, token }, runs }) {
  const measure = () => investigationRate(product, tenantId, token);
  await measure();
  yield withoutPeer({
    work: 'investigations, from manual incident to completed',
    unit: 'investigations/s',
    subject: 'CauseFlow',
    values: await repeat(Math.min(runs, 3), measure),
  });
}

async function investigationRate({ url, databaseUrl }, tenantId, token) {
  const completed = async () => {
    const sql = `SELECT count(*)::int AS n FROM events WHERE tenant_id = $1 AND type = 'investigation.completed'`;
    const [{ n }] = await queryOnce(databaseUrl, sql, [tenantId], [tenantId]);
    return n;
  };
  const goal = (await completed()) + INVESTIGATIONS;
  const startedAt = performance.now();
  const open = () => callApi(url, 'POST', '/v1/incidents', { token, body: INCIDENT });
  await Promise.all(Array.from({ length: INVESTIGATIONS }, open));
  const problem = 'investigations did not complete';
  await waitUntil(async () => (await completed()) >= goal, { timeoutMs: 60_000, pollMs: 1, problem });
  return INVESTIGATIONS / ((performance.now() - startedAt) / 1000);
}
