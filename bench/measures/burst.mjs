import { setTimeout as sleep } from 'node:timers/promises';
import { queryOnce } from '../harness/database.mjs';
import { runLoad } from '../harness/load.mjs';
import { scrapeMetrics } from '../harness/metrics.mjs';
import { compareWithLimit, withoutPeer } from '../harness/rows.mjs';
import { SseReader } from '../harness/sse-reader.mjs';
import { waitUntil } from '../harness/wait-until.mjs';
import { CONNECTIONS } from './alerts.mjs';

const POLLING = { timeoutMs: 600_000, pollMs: 250 };

/** A burst at full rate below the threshold of investigations: how long until its events are delivered and its alerts triaged. */
export async function* burst({ product, senders, seconds }) {
  const tenantIds = senders.map(({ tenantId }) => tenantId);
  const received = new Map(tenantIds.map((id) => [id, new Set()]));
  const readers = await Promise.all(
    senders.map((sender) => openReader(product.url, sender, received.get(sender.tenantId))),
  );
  const before = await lastSequenceNumbers(product, tenantIds);
  const isDelivered = (log) => tenantIds.every((id) => received.get(id).size >= log.get(id) - before.get(id));

  const { requests, rate, ids } = await runLoad(loadJob(product, senders, seconds));
  const endedAt = performance.now();
  const secondsSinceEnd = () => (performance.now() - endedAt) / 1000;
  const log = await lastSequenceNumbers(product, tenantIds);
  await waitUntil(() => isDelivered(log), { ...POLLING, problem: 'events of the burst were not delivered' });
  const deliveredAfter = secondsSinceEnd();
  await waitUntil(() => isTriaged(product, tenantIds), { ...POLLING, problem: 'alerts were not triaged' });
  const triagedAfter = secondsSinceEnd();
  const completeLog = await lastSequenceNumbers(product, tenantIds);
  await waitUntil(() => isDelivered(completeLog), {
    ...POLLING,
    problem: 'events of the triage were not delivered',
  });
  for (const reader of readers) reader.close();
  await checkTriaged(product, tenantIds, ids);
  for (const id of tenantIds) {
    const events = completeLog.get(id) - before.get(id);
    const frames = received.get(id).size;
    if (frames !== events) throw new Error(`WRONG: ${frames} frames for ${events} events`);
  }

  const subject = `CauseFlow, ${requests.toLocaleString('en')} alerts at ${Math.round(rate).toLocaleString('en')}/s`;
  const work = `burst of ${seconds} s below the threshold`;
  const row = { unit: 's', subject };
  yield compareWithLimit({ ...row, work: `${work}, its events read`, values: [deliveredAfter], limit: 30 });
  yield compareWithLimit({ ...row, work: `${work}, its alerts triaged`, values: [triagedAfter], limit: 300 });
  yield withoutPeer({
    work: `${work}, triage from its begin to its end`,
    unit: 'alerts/s',
    subject,
    values: [requests / (seconds + triagedAfter)],
  });
}

/**
 * A burst above the threshold. Its investigations take too long to await, so it checks for a while that /metrics reports the
 * queues, that no tenant exceeds its limit, and that all tenants progress alike.
 */
export async function* investigationBurst({ product, senders, seconds, watchSeconds, limit }) {
  const tenantIds = senders.map(({ tenantId }) => tenantId);
  const { requests } = await runLoad({ ...loadJob(product, senders, seconds), severity: 'critical' });
  const atEnd = await queuesOf(product, tenantIds);
  const queues = await watchQueues(product, tenantIds, { watchSeconds, limit });
  const longest = Math.max(0, ...queues.map(({ queued }) => queued));
  if (longest === 0 || atEnd.every(({ queued, running }) => queued + running === 0))
    throw new Error('WRONG: /metrics reports no queued investigation');
  const oldestSeconds = Math.max(...queues.map(({ oldestSeconds }) => oldestSeconds));
  const completed = await completedInvestigations(product, tenantIds);
  const counts = tenantIds.map((id) => completed.get(id) ?? 0);
  const total = counts.reduce((sum, count) => sum + count, 0);

  const subject = `CauseFlow, ${requests.toLocaleString('en')} alerts of ${tenantIds.length} tenants in ${seconds} s`;
  const work = 'burst above the threshold';
  yield withoutPeer({
    work: `${work}, investigations completed`,
    unit: 'investigations/s',
    subject,
    values: [total / watchSeconds],
  });
  yield compareWithLimit({
    work: `${work}, the tenant least served against the one most served`,
    unit: 'ratio',
    subject,
    values: [Math.min(...counts) / Math.max(...counts)],
    limit: 0.5,
    lowerIsBetter: false,
  });
  yield `  longest queue of a tenant in /metrics: ${longest.toLocaleString('en')}, its oldest investigation queued for ${oldestSeconds.toFixed(1)} s`;
}

function loadJob({ url }, senders, seconds) {
  return { urls: [url], kind: 'alert', senders, connections: CONNECTIONS, seconds, expect: [202, 503] };
}

async function openReader(url, { key }, received) {
  const reader = new SseReader(({ id }) => {
    if (received.has(id)) throw new Error(`WRONG: the frame ${id} was received twice`);
    received.add(id);
  });
  await reader.open(url, key);
  return reader;
}

async function lastSequenceNumbers({ databaseUrl }, tenantIds) {
  const rows = await queryOnce(databaseUrl, 'SELECT tenant_id, seq::int FROM event_stream', [], tenantIds);
  return new Map(rows.map(({ tenant_id, seq }) => [tenant_id, seq]));
}

async function isTriaged({ databaseUrl }, tenantIds) {
  const untriaged = await queryOnce(
    databaseUrl,
    `SELECT FROM incidents WHERE tenant_id = ANY ($1) AND status = 'triaging' LIMIT 1`,
    [tenantIds],
    tenantIds,
  );
  return untriaged.length === 0;
}

async function checkTriaged({ databaseUrl }, tenantIds, incidentIds) {
  const [{ triaged }] = await queryOnce(
    databaseUrl,
    `SELECT count(*)::int AS triaged FROM incidents JOIN triages USING (tenant_id, incident_id)
      WHERE tenant_id = ANY ($2) AND incident_id = ANY ($1) AND status = 'open'`,
    [incidentIds, tenantIds],
    tenantIds,
  );
  if (triaged !== incidentIds.length)
    throw new Error(`WRONG: ${triaged} of ${incidentIds.length} acknowledged alerts are triaged`);
}

/** @returns the queues that /metrics reported, polled every second */
async function watchQueues(product, tenantIds, { watchSeconds, limit }) {
  const queues = [];
  const startedAt = performance.now();
  do {
    const current = await queuesOf(product, tenantIds);
    queues.push(...current);
    const over = current.find(({ running }) => running > limit);
    if (over)
      throw new Error(
        `WRONG: ${over.running} investigations of one tenant are running, the limit is ${limit}`,
      );
    await sleep(1_000);
  } while (performance.now() - startedAt < watchSeconds * 1000);
  return queues;
}

async function queuesOf({ url }, tenantIds) {
  const metrics = await scrapeMetrics(url);
  return tenantIds.map((id) => ({
    queued: metrics.get(`causeflow_investigations{tenant="${id}",state="queued"}`) ?? 0,
    running: metrics.get(`causeflow_investigations{tenant="${id}",state="running"}`) ?? 0,
    oldestSeconds: metrics.get(`causeflow_investigations_oldest_queued_seconds{tenant="${id}"}`) ?? 0,
  }));
}

async function completedInvestigations({ databaseUrl }, tenantIds) {
  const rows = await queryOnce(
    databaseUrl,
    `SELECT tenant_id, count(*)::int AS n FROM investigations
      WHERE tenant_id = ANY ($1) AND status NOT IN ('queued', 'running') GROUP BY tenant_id`,
    [tenantIds],
    tenantIds,
  );
  return new Map(rows.map(({ tenant_id, n }) => [tenant_id, n]));
}
