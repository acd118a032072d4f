import { against, alone } from '../harness/alternate.mjs';
import { atOnce } from '../harness/database.mjs';
import { newId } from '../../dist/kernel/domain/ids.js';
import { call } from '../harness/senders.mjs';
import { percentile, sort } from '../harness/statistics.mjs';

const INCIDENTS = 100_000;
const ASKED = 200;
const INVESTIGATIONS = 40;
const PATIENCE_MS = 60_000;

const LISTS = {
  'newest first': '/v1/incidents',
  'by status': '/v1/incidents?status=triaging',
  'by service': '/v1/incidents?service=service-7',
  'full text': '/v1/incidents?q=exhausted+9999',
};

/** Pages of a tenant with 100 000 incidents. */
export async function* lists({ product, sender: { tenantId, token }, quick }) {
  await atOnce(
    product.databaseUrl,
    `INSERT INTO incidents (tenant_id, incident_id, title, description, severity, status, source, service, created_at, updated_at)
     SELECT $1, $3 || lpad(n::text, 16, '0'), 'Pool exhausted ' || n, 'All connections of pool ' || n || ' are in use',
            'low', CASE WHEN n % 10 = 0 THEN 'open' ELSE 'triaging' END, 'automated', 'service-' || n % 50, now(), now()
       FROM generate_series(1, $2::int) AS n`,
    [tenantId, quick ? INCIDENTS / 10 : INCIDENTS, newId('inc').slice(0, -16)],
    [tenantId],
  );
  await atOnce(product.databaseUrl, 'VACUUM ANALYZE incidents');
  for (const [name, path] of Object.entries(LISTS)) {
    yield await against({
      work: `list: incidents, ${name}, p95`,
      unit: 'ms',
      runs: 1,
      subject: { name: 'CauseFlow', measure: () => p95(product.url, path, token, quick ? ASKED / 4 : ASKED) },
      limit: 20,
    });
  }
}

async function p95(url, path, token, asks) {
  const took = [];
  for (let asked = 0; asked < asks; asked += 1) {
    const begun = performance.now();
    const { items } = await call(url, 'GET', path, { token });
    if (asked >= asks / 10) took.push(performance.now() - begun);
    if (items.length === 0) throw new Error(`WRONG: ${path} answered an empty page`);
  }
  return percentile(sort(took), 0.95);
}

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
