import { alone, alternate } from '../harness/alternate.mjs';
import { atOnce } from '../harness/database.mjs';
import { cpuSeconds } from '../harness/footprint.mjs';
import { load } from '../harness/load.mjs';
import { median } from '../harness/statistics.mjs';

export const CONNECTIONS = 64;
const WORK = 'alert single, signed, durable, 64 connections';

/** New alerts, each answered 202 after its commit, against every peer that is there. */
export async function* newAlerts({ product, peers, seconds, runs }) {
  const subject = { name: 'CauseFlow', measure: () => received(product, seconds) };
  if (peers.length === 0) yield await alone({ work: WORK, unit: 'requests/s', runs, subject });
  for (const peer of peers) {
    product.cpu = [];
    yield await alternate({
      work: WORK,
      unit: 'requests/s',
      runs,
      subject,
      peer: { name: peer.name, measure: () => received(peer, seconds) },
    });
    yield `  CPU a request: CauseFlow ${microseconds(product.cpu)}, ${peer.name} ${microseconds(peer.cpu)}`;
  }
}

function microseconds(values) {
  return `${Math.round(median(values))} µs`;
}

/** @returns requests a second; throws when one was answered and not stored */
export async function received(target, seconds, { connections = CONNECTIONS, urls = [target.url] } = {}) {
  const before = cpuSeconds(target.pid);
  const { rate, requests, ids } = await load({
    urls,
    kind: target.kind ?? 'alert',
    senders: target.senders,
    connections,
    seconds,
    most: Math.ceil((target.mostPerSecond ?? 30_000) * seconds),
    expect: target.expect ?? [202],
  });
  (target.cpu ??= []).push(((cpuSeconds(target.pid) - before) / requests) * 1e6);
  if (target.verify) await target.verify(requests, ids);
  return rate;
}

/** Every 202 must have its alert, its incident and the two events of its arrival, once. */
export function storedByProduct({ databaseUrl, senders }) {
  return async (requests, ids) => {
    const tenants = senders.map(({ tenantId }) => tenantId);
    const [stored] = await atOnce(
      databaseUrl,
      `SELECT (SELECT count(*) FROM alerts WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2))::int AS alerts,
              (SELECT count(*) FROM incidents WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2))::int AS incidents,
              created::int, triaging::int
         FROM (SELECT count(*) FILTER (WHERE type = 'incident.created') AS created,
                      count(*) FILTER (WHERE data->>'newStatus' = 'triaging') AS triaging
                 FROM events WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2)) AS told`,
      [ids, tenants],
      tenants,
    );
    const counts = { answered: requests, distinct: new Set(ids).size, ...stored };
    if (new Set(Object.values(counts)).size !== 1)
      throw new Error(`WRONG: what was answered is not what was stored: ${JSON.stringify(counts)}`);
  };
}
