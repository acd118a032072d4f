import { setTimeout as sleep } from 'node:timers/promises';
import { against, alone } from '../harness/alternate.mjs';
import { atOnce } from '../harness/database.mjs';
import { FrameReader } from '../harness/frames.mjs';
import { load } from '../harness/load.mjs';
import { seriesOf } from '../harness/scrape.mjs';
import { CONNECTIONS } from './alerts.mjs';

const PATIENCE_MS = 600_000;
const LOOK_MS = 250;

/** A minute at full rate below the threshold: how long its events need to reach who listens, and its alerts their triage. */
export async function* burst({ product, senders, seconds }) {
  const ids = senders.map(({ tenantId }) => tenantId);
  const seen = new Map(ids.map((id) => [id, new Set()]));
  const readers = await Promise.all(
    senders.map((sender) => listen(product.url, sender, seen.get(sender.tenantId))),
  );
  const before = await logOf(product, ids);

  const { requests, rate, ids: answered } = await load(storm(product, senders, seconds));
  const begun = performance.now();
  const after = await logOf(product, ids);
  const isRead = () => ids.every((id) => seen.get(id).size >= after.get(id) - before.get(id));
  const readAfter = await waited(begun, isRead, 'the events of the burst to be read');
  const triagedAfter = await waited(begun, () => isTriaged(product, ids), 'the alerts to be triaged');
  const whole = await logOf(product, ids);
  await waited(
    begun,
    () => ids.every((id) => seen.get(id).size >= whole.get(id) - before.get(id)),
    'the rest to be read',
  );
  for (const reader of readers) reader.close();
  await check(product, ids, { answered, seen, before, whole });

  const subject = `CauseFlow, ${requests.toLocaleString('en')} alerts at ${Math.round(rate).toLocaleString('en')}/s`;
  const row = (work, value, limit) =>
    against({ work, unit: 's', runs: 1, subject: { name: subject, measure: async () => value }, limit });
  const work = `burst of ${seconds} s below the threshold`;
  yield await row(`${work}, its events read`, readAfter, 30);
  yield await row(`${work}, its alerts triaged`, triagedAfter, 300);
  yield await alone({
    ...{ work: `${work}, triage from its begin to its end`, unit: 'alerts/s', runs: 1 },
    subject: { name: subject, measure: async () => requests / (seconds + triagedAfter) },
  });
}

/**
 * The same above the threshold. There is no end to wait for: what is looked at is that the lines are told of, that nobody
 * has more running than is allowed, and that all come forward alike.
 */
export async function* investigationBurst({ product, senders, seconds, watch, limit }) {
  const ids = senders.map(({ tenantId }) => tenantId);
  const { requests } = await load({ ...storm(product, senders, seconds), severity: 'critical' });
  const [first] = await lookAt(product, ids);
  const looks = [];
  for (const begun = performance.now(); performance.now() - begun < watch * 1000; await sleep(1_000)) {
    const look = await lookAt(product, ids);
    looks.push(...look);
    const over = look.find(({ running }) => running > limit);
    if (over)
      throw new Error(
        `WRONG: ${over.running} investigations of one tenant are running, ${limit} are allowed`,
      );
  }
  const done = await completed(product, ids);
  const counts = ids.map((id) => done.get(id) ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!first || Math.max(...looks.map(({ queued }) => queued)) === 0)
    throw new Error('WRONG: /metrics tells of no investigation that waits');
  const deepest = Math.max(...looks.map(({ queued }) => queued));
  const oldest = Math.max(...looks.map(({ age }) => age));
  const name = `CauseFlow, ${requests.toLocaleString('en')} alerts of ${ids.length} tenants in ${seconds} s`;
  const work = 'burst above the threshold';
  yield await alone({
    ...{ work: `${work}, investigations completed`, unit: 'investigations/s', runs: 1 },
    subject: { name, measure: async () => total / watch },
  });
  yield await against({
    ...{ work: `${work}, the tenant least served against the one most served`, unit: 'ratio', runs: 1 },
    ...{ limit: 0.5, lowerIsBetter: false },
    subject: { name, measure: async () => Math.min(...counts) / Math.max(...counts) },
  });
  yield `  /metrics told of up to ${deepest.toLocaleString('en')} waiting for one tenant, the first for ${oldest.toFixed(1)} s`;
}

function storm({ url }, senders, seconds) {
  return { urls: [url], kind: 'alert', senders, connections: CONNECTIONS, seconds, expect: [202, 503] };
}

async function listen(url, { key }, seen) {
  const reader = new FrameReader(({ id }) => {
    if (seen.has(id)) throw new Error(`WRONG: the frame ${id} came twice`);
    seen.add(id);
  });
  await reader.open(url, key);
  return reader;
}

/** @returns how long after `begun` the condition held, in seconds */
async function waited(begun, condition, what) {
  while (!(await condition())) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`WRONG: waited too long for ${what}`);
    await sleep(LOOK_MS);
  }
  return (performance.now() - begun) / 1000;
}

async function logOf({ databaseUrl }, ids) {
  const rows = await atOnce(databaseUrl, 'SELECT tenant_id, seq::int FROM event_stream', [], ids);
  return new Map(rows.map(({ tenant_id, seq }) => [tenant_id, seq]));
}

async function isTriaged({ databaseUrl }, ids) {
  const [{ n }] = await atOnce(
    databaseUrl,
    `SELECT count(*)::int AS n FROM (SELECT FROM incidents WHERE tenant_id = ANY ($1) AND status = 'triaging' LIMIT 1) AS one`,
    [ids],
    ids,
  );
  return n === 0;
}

async function check({ databaseUrl }, ids, { answered, seen, before, whole }) {
  const [{ stored }] = await atOnce(
    databaseUrl,
    `SELECT count(*)::int AS stored FROM incidents JOIN triages USING (tenant_id, incident_id)
      WHERE tenant_id = ANY ($2) AND incident_id = ANY ($1) AND status = 'open'`,
    [answered, ids],
    ids,
  );
  if (stored !== answered.length)
    throw new Error(`WRONG: of ${answered.length} alerts that were answered ${stored} are triaged`);
  for (const id of ids) {
    if (seen.get(id).size !== whole.get(id) - before.get(id))
      throw new Error(`WRONG: ${seen.get(id).size} frames of ${whole.get(id) - before.get(id)} events`);
  }
}

/** What /metrics tells of each tenant's line. */
async function lookAt({ url }, ids) {
  const series = await seriesOf(url);
  return ids
    .map((id) => ({
      queued: series.get(`causeflow_investigations{tenant="${id}",state="queued"}`) ?? 0,
      running: series.get(`causeflow_investigations{tenant="${id}",state="running"}`) ?? 0,
      age: series.get(`causeflow_investigations_oldest_queued_seconds{tenant="${id}"}`) ?? 0,
    }))
    .filter(({ queued, running }) => queued + running > 0);
}

async function completed({ databaseUrl }, ids) {
  const rows = await atOnce(
    databaseUrl,
    `SELECT tenant_id, count(*)::int AS n FROM investigations
      WHERE tenant_id = ANY ($1) AND status NOT IN ('queued', 'running') GROUP BY tenant_id`,
    [ids],
    ids,
  );
  return new Map(rows.map(({ tenant_id, n }) => [tenant_id, n]));
}
