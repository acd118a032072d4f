// Sends requests over raw keep-alive sockets and measures the answers. A process of its own, forked by load.mjs, which
// sends one job: {
//   urls         where to: the connections are dealt out evenly
//   kind         'alert' (signed, of the product), 'repeat' (the same, one id again and again), 'alertmanager'
//   senders      [{ tenantId, key, secret }], taken in turns
//   connections  how many sockets, each with one request under way
//   seconds      how long; what is under way then is still waited for
//   most         the most requests, all of them made before the clock starts; without it they are made as they are sent
//   rate         requests a second, evenly; without it as fast as the answers come
//   severity     of the alerts; low, below the threshold of investigations
//   windows      of so many seconds, each told when it is over: { window: { requests, p50, p99, ids } }
//   timed        whether to tell when each alert was sent and answered, in milliseconds since 1970
//   expect       the statuses that an answer may have
// }
// and gets { requests, seconds, rate, p50, p95, p99, ids } (milliseconds; ids of the incidents answered), where windows are
// told of the last one, and with times [{ id, sentAt, answeredAt }].
import { createHmac, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { percentile, sort } from './statistics.mjs';

const WARM_UP = 0.15;

process.once('message', (job) => {
  run(job).then(
    (result) => process.send(result, () => process.exit(0)),
    (error) => process.send({ error: String(error?.stack ?? error) }, () => process.exit(0)),
  );
});

async function run(job) {
  const requestAt = requestsOf(job);
  const sockets = await Promise.all(
    Array.from({ length: job.connections }, (_, at) => open(job.urls[at % job.urls.length])),
  );
  const seen = { done: 0, counted: 0, latencies: [], ids: [], times: [], fault: undefined };
  const begin = performance.now();
  const countFrom = begin + (job.windows ? 0 : job.seconds * 1000 * WARM_UP);
  const end = begin + job.seconds * 1000;
  let next = 0;
  let lastAnswer = begin;

  await new Promise((resolve) => {
    let open = sockets.length;
    const idle = [];
    const finish = () => {
      if ((open -= 1) === 0) resolve();
    };
    /** Due times make a late answer count for all that had to wait behind it. */
    const dueAt = (index) => begin + (index * 1000) / job.rate;
    const isOver = (now) => next >= (job.most ?? Infinity) || now >= end || seen.fault !== undefined;
    const proceed = (socket) => {
      const now = performance.now();
      if (isOver(now)) return finish();
      if (job.rate && dueAt(next) > now) return idle.push(socket);
      send(socket, job.rate ? dueAt(next) : now);
    };
    const send = (socket, since) => {
      socket.answered = (status, text) => {
        const now = performance.now();
        lastAnswer = now;
        if (!job.expect.includes(status))
          seen.fault ??= `expected ${job.expect}, got ${status}: ${text.slice(0, 400)}`;
        seen.done += 1;
        if (since >= countFrom) {
          seen.counted += 1;
          seen.latencies.push(now - since);
        }
        const id = /"incidentId":"(inc_\w+)"/.exec(text)?.[1];
        if (id && status === 202) seen.ids.push(id);
        if (job.timed) seen.times.push({ id, sentAt: sinceEpoch(since), answeredAt: sinceEpoch(now) });
        proceed(socket);
      };
      socket.write(requestAt(next));
      next += 1;
    };
    if (job.rate) {
      const timer = setInterval(() => {
        const now = performance.now();
        while (idle.length > 0 && (isOver(now) || dueAt(next) <= now)) {
          if (isOver(now)) {
            idle.pop();
            finish();
          } else send(idle.shift(), dueAt(next)); // In turns: a server ends a connection that it never hears of.
        }
        if (open === 0) clearInterval(timer);
      }, 1);
    }
    for (const socket of sockets) proceed(socket);
    if (job.windows) {
      const timer = setInterval(() => {
        if (open === 0) return clearInterval(timer);
        process.send({ window: told(seen) });
        Object.assign(seen, { done: 0, latencies: [], ids: [] });
      }, job.windows * 1000);
    }
  });

  for (const socket of sockets) socket.destroy();
  if (seen.fault) throw new Error(seen.fault);
  const seconds = (lastAnswer - countFrom) / 1000;
  return { ...told(seen), times: seen.times, seconds, rate: seen.counted / seconds };
}

function sinceEpoch(time) {
  return performance.timeOrigin + time;
}

function told({ done, latencies, ids }) {
  const sorted = sort(latencies);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share));
  return { requests: done, p50, p95, p99, ids };
}

function open(url) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.latin1Slice();
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      const answer = text;
      text = '';
      socket.answered(Number(answer.slice(9, 12)), answer);
    });
    socket.on('error', reject);
    socket.on('close', () => socket.answered?.(0, 'the connection was closed'));
  });
}

/** @returns {(at: number) => Buffer} */
function requestsOf({ kind, senders, most, urls, severity }) {
  const run = randomBytes(4).toString('hex');
  const host = new URL(urls[0]).host;
  const make = (at) => {
    if (kind === 'alertmanager') return post(host, '/api/v2/alerts', JSON.stringify([labelled(run, at)]), '');
    const { tenantId, key, secret } = senders[at % senders.length];
    const sourceAlertId = kind === 'repeat' ? 'bench-repeat' : `${run}-${at}`;
    const body = JSON.stringify({ ...alert(sourceAlertId), ...(severity && { severity }) });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = `X-API-Key: ${key}\r\nX-Webhook-Signature: ${signature}\r\n`;
    return post(host, `/v1/webhooks/${tenantId}/custom`, body, headers);
  };
  if (most === undefined) return make;
  const made = Array.from({ length: most }, (_, at) => make(at));
  return (at) => made[at];
}

function post(host, path, body, headers) {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${headers}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** About 400 bytes. Below the threshold of an investigation: no rule of the triage knows its words. */
function alert(sourceAlertId) {
  return {
    title: 'Number of invoices at invoice-export above its usual level',
    description:
      'The export held 1,250 invoices for five minutes; it usually holds between 200 and 400 at this hour.',
    sourceAlertId,
    severity: 'low',
    service: 'invoice-export',
    environment: 'production',
    tags: { team: 'billing', region: 'eu-west-1' },
    metadata: { queue: 'invoices', length: 1250, usual: 310, monitor: 'queue-length' },
  };
}

/** The same alert in the fields that Prometheus sends, with a label that makes it another one each time. */
function labelled(run, at) {
  const { title, description, service, environment } = alert('');
  return {
    labels: { alertname: 'QueueLength', service, environment, alertId: `${run}-${at}` },
    annotations: { title, description },
    startsAt: new Date().toISOString(),
    generatorURL: 'https://prometheus.example.com/graph?g0.expr=queue_length',
  };
}
