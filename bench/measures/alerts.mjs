import { queryOnce } from '../harness/database.mjs';
import { cpuSeconds } from '../harness/footprint.mjs';
import { runLoad } from '../harness/load.mjs';
import { compareWithPeer, repeat, withoutPeer } from '../harness/rows.mjs';
import { median } from '../harness/statistics.mjs';

export const CONNECTIONS = 64;
const WORK = 'alert single, signed, durable, 64 connections';

/** New alerts, each answered 202 after its commit, against each available peer. */
export async function* newAlerts({ product, peers, seconds, runs }) {
  const row = { work: WORK, unit: 'requests/s' };
  const measure = () => alertRate(product, seconds);
  if (peers.length === 0) {
    await measure();
    yield withoutPeer({ ...row, subject: 'CauseFlow', values: await repeat(runs, measure) });
  }
  for (const peer of peers) {
    product.cpuMicros = [];
    yield await compareWithPeer({
      ...row,
      runs,
      subject: { name: 'CauseFlow', measure },
      peer: { name: peer.name, measure: () => alertRate(peer, seconds) },
    });
    yield `  CPU per request: CauseFlow ${micros(product.cpuMicros)}, ${peer.name} ${micros(peer.cpuMicros)}`;
  }
}

function micros(values) {
  return `${Math.round(median(values))} µs`;
}

/** Sends alerts as fast as they are answered. @returns requests per second; throws if an acknowledged alert is not stored */
export async function alertRate(target, seconds, { connections = CONNECTIONS, urls = [target.url] } = {}) {
  const before = cpuSeconds(target.pid);
  const { rate, requests, ids } = await runLoad({
    urls,
    kind: target.kind ?? 'alert',
    senders: target.senders,
    connections,
    seconds,
    maxRequests: Math.ceil((target.maxRate ?? 30_000) * seconds),
    expect: target.expect ?? [202],
  });
  (target.cpuMicros ??= []).push(((cpuSeconds(target.pid) - before) / requests) * 1e6);
  if (target.verify) await target.verify(requests, ids);
  return rate;
}

/** Checks that each 202 has stored exactly one alert, one incident and its two first events. */
export function verifyStored({ databaseUrl, senders }) {
  return async (requests, ids) => {
    const tenants = senders.map(({ tenantId }) => tenantId);
    const [stored] = await queryOnce(
      databaseUrl,
      `SELECT (SELECT count(*) FROM alerts WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2))::int AS alerts,
              (SELECT count(*) FROM incidents WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2))::int AS incidents,
              created::int, triaging::int
         FROM (SELECT count(*) FILTER (WHERE type = 'incident.created') AS created,
                      count(*) FILTER (WHERE data->>'newStatus' = 'triaging') AS triaging
                 FROM events WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2)) AS event_counts`,
      [ids, tenants],
      tenants,
    );
    const counts = { acknowledged: requests, distinct: new Set(ids).size, ...stored };
    if (new Set(Object.values(counts)).size !== 1)
      throw new Error(`WRONG: acknowledged and stored alerts differ: ${JSON.stringify(counts)}`);
  };
}
