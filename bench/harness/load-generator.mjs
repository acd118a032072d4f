// Sends requests over raw keep-alive sockets and measures the responses. A child process of load.mjs, which sends one job: {
//   urls           the targets; connections are distributed evenly
//   kind           'alert' (signed, for the product), 'repeat' (the same with one sourceAlertId), 'native' (the body that
//                  Alertmanager sends, for the product), 'alertmanager' (for Alertmanager)
//   senders        [{ tenantId, key, secret }], used in turns
//   connections    number of sockets, each with one request in flight
//   seconds        duration; requests in flight at the end are awaited
//   maxRequests    upper bound, all built before the clock starts; without it each request is built when it is sent
//   rate           requests per second, evenly spaced; without it each response triggers the next request
//   severity       of the alerts; default low, below the threshold of investigations
//   windowSeconds  reports each window of this length when it is over: { window: { requests, p50, p95, p99, ids } }
//   timed          whether to return when each alert was sent and answered, in milliseconds since 1970
//   expect         the expected statuses
// }
// and gets { requests, seconds, rate, p50, p95, p99, ids, times } or { error }. Latencies are in milliseconds, ids are those of
// the incidents of 202 responses; with windows, both are those of the last one. times is [{ id, sentAt, answeredAt }].
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { toEpoch } from './clock.mjs';
import { percentile, sort } from './statistics.mjs';

/** The first part of a run, which does not count. */
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
    Array.from({ length: job.connections }, (_, i) => open(job.urls[i % job.urls.length])),
  );
  const startedAt = performance.now();
  const countFrom = startedAt + (job.windowSeconds ? 0 : job.seconds * 1000 * WARM_UP);
  const recorder = new Recorder(job, countFrom);
  const reportWindow = () => process.send({ window: recorder.takeWindow() });
  const windowTimer = job.windowSeconds && setInterval(reportWindow, job.windowSeconds * 1000);
  await sendAll({ job, sockets, requestAt, recorder, startedAt });
  clearInterval(windowTimer);
  for (const socket of sockets) socket.destroy();
  if (recorder.failure) throw new Error(recorder.failure);
  const seconds = (recorder.lastResponseAt - countFrom) / 1000;
  return {
    ...recorder.takeWindow(),
    times: recorder.times,
    seconds,
    rate: recorder.counted / seconds,
  };
}

/** Sends requests until the time or the requests run out, or one fails, and awaits those in flight. */
function sendAll({ job, sockets, requestAt, recorder, startedAt }) {
  const endAt = startedAt + job.seconds * 1000;
  const idle = [];
  let next = 0;
  let active = sockets.length;

  return new Promise((resolve) => {
    const isOver = (now) =>
      next >= (job.maxRequests ?? Infinity) || now >= endAt || recorder.failure !== undefined;
    const finish = () => {
      active -= 1;
      if (active === 0) resolve();
    };
    const send = (socket, since) => {
      socket.onResponse = (status, text) => {
        recorder.record(status, text, since);
        proceed(socket);
      };
      socket.write(requestAt(next));
      next += 1;
    };
    // Latency counts from the due time, so that a late response counts for all requests it delays.
    const dueAt = () => startedAt + (next * 1000) / job.rate;
    const proceed = (socket) => {
      const now = performance.now();
      if (isOver(now)) finish();
      else if (!job.rate) send(socket, now);
      else if (dueAt() > now) idle.push(socket);
      else send(socket, dueAt());
    };
    for (const socket of sockets) proceed(socket);
    if (!job.rate) return;
    const timer = setInterval(() => {
      const now = performance.now();
      // First in, first out: a server closes a connection that stays idle.
      while (idle.length > 0 && !isOver(now) && dueAt() <= now) send(idle.shift(), dueAt());
      if (isOver(now)) idle.splice(0).forEach(finish);
      if (active <= 0) clearInterval(timer);
    }, 1);
  });
}

/** Records responses, per window and in total. */
class Recorder {
  #requests = 0;
  #latencies = [];
  #ids = [];
  /** Responses after the warm-up. */
  counted = 0;
  times = [];
  lastResponseAt = performance.now();
  failure;

  constructor({ expect, timed }, countFrom) {
    Object.assign(this, { expect, timed, countFrom });
  }

  record(status, text, since) {
    const now = performance.now();
    this.lastResponseAt = now;
    if (!this.expect.includes(status))
      this.failure ??= `expected ${this.expect}, got ${status}: ${text.slice(0, 400)}`;
    this.#requests += 1;
    if (since >= this.countFrom) {
      this.counted += 1;
      this.#latencies.push(now - since);
    }
    const id = /"incidentId":"(inc_\w+)"/.exec(text)?.[1];
    if (id && status === 202) this.#ids.push(id);
    if (this.timed) this.times.push({ id, sentAt: toEpoch(since), answeredAt: toEpoch(now) });
  }

  takeWindow() {
    const sorted = sort(this.#latencies);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share));
    const window = { requests: this.#requests, p50, p95, p99, ids: this.#ids };
    this.#requests = 0;
    this.#latencies = [];
    this.#ids = [];
    return window;
  }
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
      const response = text;
      text = '';
      socket.onResponse(Number(response.slice(9, 12)), response);
    });
    socket.on('error', reject);
    socket.on('close', () => socket.onResponse?.(0, 'the connection was closed'));
  });
}

/** @returns {(index: number) => Buffer} */
function requestsOf({ kind, senders, maxRequests, urls, severity }) {
  const run = randomBytes(4).toString('hex');
  const host = new URL(urls[0]).host;
  const build = (index) => {
    if (kind === 'alertmanager')
      return post(host, '/api/v2/alerts', JSON.stringify([prometheusAlert(run, index)]), '');
    const { tenantId, key, secret } = senders[index % senders.length];
    if (kind === 'native') {
      const body = JSON.stringify(notification(run, index));
      return post(host, `/v1/webhooks/${tenantId}/alertmanager`, body, `X-API-Key: ${key}\r\n`);
    }
    const sourceAlertId = kind === 'repeat' ? 'bench-repeat' : `${run}-${index}`;
    const body = JSON.stringify({ ...alert(sourceAlertId), ...(severity && { severity }) });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = `X-API-Key: ${key}\r\nX-Webhook-Signature: ${signature}\r\n`;
    return post(host, `/v1/webhooks/${tenantId}/custom`, body, headers);
  };
  if (maxRequests === undefined) return build;
  const built = Array.from({ length: maxRequests }, (_, index) => build(index));
  return (index) => built[index];
}

function post(host, path, body, headers) {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${headers}` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** About 400 bytes, and below the threshold of investigations: no triage rule matches its words. */
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

/** The same alert in the fields that Prometheus sends, with a label that makes it unique. */
function prometheusAlert(run, index) {
  const { title, description, service, environment } = alert('');
  return {
    labels: { alertname: 'QueueLength', service, environment, alertId: `${run}-${index}` },
    annotations: { title, description },
    startsAt: new Date().toISOString(),
    generatorURL: 'https://prometheus.example.com/graph?g0.expr=queue_length',
  };
}

/** The alert in a notification of its own, as Alertmanager's webhook receiver sends it. About 1,000 bytes. */
function notification(run, index) {
  const { labels, annotations, startsAt, generatorURL } = prometheusAlert(run, index);
  const fingerprint = createHash('sha256').update(labels.alertId).digest('hex').slice(0, 16);
  const rated = { ...labels, severity: 'low' };
  const endsAt = '0001-01-01T00:00:00Z';
  return {
    version: '4',
    groupKey: `{}:{alertname="${labels.alertname}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'causeflow',
    groupLabels: { alertname: labels.alertname },
    commonLabels: rated,
    commonAnnotations: annotations,
    externalURL: 'https://alertmanager.example.com',
    alerts: [{ status: 'firing', labels: rated, annotations, startsAt, endsAt, generatorURL, fingerprint }],
  };
}
