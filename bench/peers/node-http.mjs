// The same work without a framework: plain node:http, the pg driver, the product's own batching and statement over the
// same tables, policies and indexes, each transaction in one packet, sent behind the one before it. It has no error envelope, rate limits, request ids,
// access log, metrics, key revocation, strict validation, or notifications of other replicas.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { AdaptiveBatches } from '../../dist/kernel/persistence/adaptive-batches.js';
import { INSERT_ALERTS } from '../../dist/modules/ingestion/infrastructure/insert-alerts.js';

const batches = new AdaptiveBatches({
  size: 128,
  queue: 4_096,
  slots: 2,
  minBehind: 8,
  owner: ({ tenantId }) => tenantId,
  write,
});
const senders = new Map(JSON.parse(process.env.SENDERS).map((each) => [each.key, each]));
const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 10,
  options: '-c role=causeflow_app',
  pipeline: true,
});

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () =>
    receive(request, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks), response),
  );
});

function receive(request, raw, response) {
  const tenantId = /^\/v1\/webhooks\/(ten_\w+)\/custom$/.exec(request.url)?.[1];
  const sender = senders.get(request.headers['x-api-key']);
  if (!sender || sender.tenantId !== tenantId) return respond(response, 401, { error: 'invalid_api_key' });
  const expected = createHmac('sha256', sender.secret).update(raw).digest();
  const given = Buffer.from(request.headers['x-webhook-signature'] ?? '', 'hex');
  if (given.length !== 32 || !timingSafeEqual(expected, given))
    return respond(response, 401, { error: 'invalid_signature' });
  const alert = JSON.parse(raw.toString());
  if (typeof alert.title !== 'string' || typeof alert.description !== 'string')
    return respond(response, 400, { error: 'validation_error' });
  const incidentId = `inc_${ulid()}`;
  batches.add({ tenantId, incidentId, alert, raw, receivedAt: new Date() })?.then(
    (isNew) =>
      isNew
        ? respond(response, 202, { incidentId, status: 'triaging' })
        : respond(response, 409, { error: 'duplicate_alert', sourceAlertId: alert.sourceAlertId }),
    () => respond(response, 503, { error: 'service_unavailable' }),
  ) ?? respond(response, 503, { error: 'service_unavailable' });
}

function respond(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** The connections of the slots. */
const clients = [];

async function write(batch, slot) {
  const client = await (clients[slot] ??= pool.connect());
  try {
    const tenantIds = [...new Set(batch.map(({ tenantId }) => tenantId))].join(',');
    client.connection.stream.cork();
    const results = Promise.all([
      client.query('BEGIN'),
      client.query({
        name: 'bind',
        text: `SELECT set_config('app.tenant_ids', $1, true)`,
        values: [tenantIds],
      }),
      client.query({ ...INSERT_ALERTS, values: parametersOf(batch) }),
      client.query('COMMIT'),
    ]);
    client.connection.stream.uncork();
    const [, , { rows }] = await results;
    return batch.map(({ incidentId }) => rows.length > 0 && !rows[0].duplicates.includes(incidentId));
  } catch (error) {
    clients[slot] = undefined;
    client.release(true);
    throw error;
  }
}

function parametersOf(batch) {
  let next = 1;
  const alerts = batch.map(({ tenantId, incidentId, alert, raw, receivedAt }) => {
    const rawFrom = next;
    next += raw.length;
    return {
      tenant_id: tenantId,
      incident_id: incidentId,
      title: alert.title,
      description: alert.description,
      severity: alert.severity ?? 'medium',
      status: 'triaging',
      source: 'automated',
      provider: 'custom',
      source_alert_id: alert.sourceAlertId ?? null,
      service: alert.service ?? null,
      environment: alert.environment ?? null,
      tags: alert.tags ?? {},
      metadata: alert.metadata ?? {},
      received_ms: receivedAt.getTime(),
      raw_from: rawFrom,
      raw_size: raw.length,
    };
  });
  const raws = Buffer.concat(batch.map(({ raw }) => raw));
  return [JSON.stringify(alerts), raws, JSON.stringify(batch.flatMap(eventsOf))];
}

function eventsOf({ tenantId, incidentId, alert: { title, severity = 'medium' } }) {
  const event = (type, data) => ({ tenantId, id: `evt_${ulid()}`, type, data, incidentId });
  return [
    event('incident.created', { incidentId, title, severity, status: 'open', source: 'automated' }),
    event('incident.status_changed', { incidentId, previousStatus: 'open', newStatus: 'triaging' }),
  ];
}

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const seed = Array.from(randomBytes(12), (byte) => DIGITS[byte & 31]).join('');
let count = 0;
/** A ULID of time, process and a counter: sorted, unique and cheap. */
function ulid() {
  const digits = (value, length) => {
    let text = '';
    for (let rest = value; text.length < length; rest = Math.floor(rest / 32))
      text = DIGITS[rest % 32] + text;
    return text;
  };
  return digits(Date.now(), 10) + seed.slice(0, 10) + digits((count += 1), 6);
}

server.listen(0, '127.0.0.1', () => console.log(`ready on http://127.0.0.1:${server.address().port}`));
