import { runLoad } from '../harness/load.mjs';
import { compareWithLimit, compareWithPeer, repeat } from '../harness/rows.mjs';
import { median } from '../harness/statistics.mjs';
import { alertRate, CONNECTIONS } from './alerts.mjs';

/** Duplicates of known alerts, each answered 409, against new ones. */
export async function* duplicates({ product, seconds, runs }) {
  await duplicateRate(product, 0.3, [202, 409]);
  yield await compareWithPeer({
    work: 'alert duplicates (409)',
    unit: 'requests/s',
    runs,
    subject: { name: 'CauseFlow, duplicates', measure: () => duplicateRate(product, seconds, [409]) },
    peer: { name: 'CauseFlow, new alerts', measure: () => alertRate(product, seconds) },
  });
}

async function duplicateRate({ url, senders }, seconds, expect) {
  const maxRequests = Math.ceil(30_000 * seconds);
  const job = {
    urls: [url],
    kind: 'repeat',
    senders,
    connections: CONNECTIONS,
    seconds,
    maxRequests,
    expect,
  };
  return (await runLoad(job)).rate;
}

/** Alerts as a monitoring tool sends them, one in each request, against custom alerts. */
export async function* nativeAlerts({ product, seconds, runs }) {
  yield await compareWithPeer({
    work: `alert by Alertmanager's webhook, durable, ${CONNECTIONS} connections`,
    unit: 'requests/s',
    runs,
    subject: {
      name: 'CauseFlow, native alerts',
      measure: () => alertRate({ ...product, kind: 'native' }, seconds),
    },
    peer: { name: 'CauseFlow, custom alerts', measure: () => alertRate(product, seconds) },
  });
}

/** The p99 at half of the process's peak throughput. */
export async function* pacedAlerts({ product, seconds, runs }) {
  const peaks = await repeat(Math.min(runs, 3), () => alertRate(product, seconds));
  const rate = median(peaks) / 2;
  yield compareWithLimit({
    work: 'alert p99 at half of the peak',
    unit: 'ms',
    subject: `CauseFlow at ${Math.round(rate)} requests/s`,
    values: await repeat(runs, () => p99At(rate, product, seconds)),
    limit: 25,
  });
}

async function p99At(rate, { url, senders }, seconds) {
  const maxRequests = Math.ceil(rate * seconds);
  const { p99 } = await runLoad({
    urls: [url],
    kind: 'alert',
    senders,
    connections: CONNECTIONS,
    seconds,
    maxRequests,
    rate,
    expect: [202],
  });
  return p99;
}

/** The same load on two processes over one database. */
export async function* twoProcesses({ product, second, seconds, runs }) {
  const connections = 2 * CONNECTIONS;
  const urls = [product.url, second.url];
  yield await compareWithPeer({
    work: `alert two processes, ${connections} connections`,
    unit: 'requests/s',
    runs,
    subject: { name: 'two processes', measure: () => alertRate(product, seconds, { connections, urls }) },
    peer: { name: 'one process', measure: () => alertRate(product, seconds, { connections }) },
  });
}
