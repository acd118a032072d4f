import { against, alternate } from '../harness/alternate.mjs';
import { load } from '../harness/load.mjs';
import { median } from '../harness/statistics.mjs';
import { CONNECTIONS, received } from './alerts.mjs';

/** Repeats of alerts that are known, each answered 409, against new ones. */
export async function* duplicates({ product, seconds, runs }) {
  await repeated(product, 0.3, [202, 409]);
  yield await alternate({
    work: 'alert duplicates (409)',
    unit: 'requests/s',
    runs,
    subject: { name: 'CauseFlow, duplicates', measure: () => repeated(product, seconds, [409]) },
    peer: { name: 'CauseFlow, new alerts', measure: () => received(product, seconds) },
  });
}

async function repeated({ url, senders }, seconds, expect) {
  const most = Math.ceil(30_000 * seconds);
  const { rate } = await load({
    ...{ urls: [url], kind: 'repeat', senders, connections: CONNECTIONS, seconds, most, expect },
  });
  return rate;
}

/** How long one in a hundred waits at half of what the process can take. */
export async function* pacedAlerts({ product, seconds, runs }) {
  const peaks = [];
  for (let run = 0; run < Math.min(runs, 3); run += 1) peaks.push(await received(product, seconds));
  const rate = median(peaks) / 2;
  yield await against({
    work: 'alert p99 at half of the peak',
    unit: 'ms',
    runs,
    subject: {
      name: `CauseFlow at ${Math.round(rate)} requests/s`,
      measure: () => paced(product, seconds, rate),
    },
    limit: 25,
  });
}

async function paced({ url, senders }, seconds, rate) {
  const most = Math.ceil(rate * seconds);
  const { p99 } = await load({
    ...{ urls: [url], kind: 'alert', senders, connections: CONNECTIONS, seconds, most, rate, expect: [202] },
  });
  return p99;
}

/** The same load on two processes over one database. */
export async function* twoProcesses({ product, second, seconds, runs }) {
  const connections = 2 * CONNECTIONS;
  const urls = [product.url, second.url];
  yield await alternate({
    work: `alert two processes, ${connections} connections`,
    unit: 'requests/s',
    runs,
    subject: { name: 'two processes', measure: () => received(product, seconds, { connections, urls }) },
    peer: { name: 'one process', measure: () => received(product, seconds, { connections }) },
  });
}
