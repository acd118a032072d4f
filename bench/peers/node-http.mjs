// The same work without a framework: plain node:http, the pg driver, the same batching and the same statement over the
// same tables, policies and indexes. What it leaves out is what makes a product of it: the error envelope, rate limits,
// request ids, the access log, revocation.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import pg from 'pg';
import { INSERT_ALERTS } from '../../dist/modules/ingestion/infrastructure/insert-alerts.js';

const BATCH = 128;
const SLOTS = 2;

const holders = new Map(JSON.parse(process.env.SENDERS).map((sender) => [sender.key, sender]));
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
  const holder = holders.get(request.headers['x-api-key']);
  if (!holder || holder.tenantId !== tenantId) return answer(response, 401, { error: 'invalid_api_key' });
  const expected = createHmac('sha256', holder.secret).update(raw).digest();
  const given = Buffer.from(request.headers['x-webhook-signature'] ?? '', 'hex');
  if (given.length !== 32 || !timingSafeEqual(expected, given))
    return answer(response, 401, { error: 'invalid_signature' });
  const alert = JSON.parse(raw.toString());
  if (typeof alert.title !== 'string' || typeof alert.description !== 'string')
    return answer(response, 400, { error: 'validation_error' });
  waiting.push({ tenantId, incidentId: `inc_${ulid()}`, alert, raw, receivedAt: new Date(), response });
  schedule();
}

function answer(response, status, body) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

const waiting = [];
let busy = 0;
let scheduled = false;

function schedule() {
  if (scheduled || busy >= SLOTS) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    while (waiting.length > 0 && busy < SLOTS) void flush(waiting.splice(0, BATCH));
  });
}

async function flush(batch) {
  busy += 1;
  try {
    const stored = new Set((await write(batch)).map((row) => row.incident_id));
    for (const { incidentId, alert, response } of batch) {
      if (stored.has(incidentId)) answer(response, 202, { incidentId, status: 'triaging' });
      else answer(response, 409, { error: 'duplicate_alert', sourceAlertId: alert.sourceAlertId });
    }
  } catch {
    for (const { response } of batch) answer(response, 503, { error: 'service_unavailable' });
  } finally {
    busy -= 1;
    if (waiting.length > 0) schedule();
  }
}

async function write(batch) {
  const client = await pool.connect();
  try {
    const tenantIds = [...new Set(batch.map(({ tenantId }) => tenantId))].join(',');
    const [, , { rows }] = await Promise.all([
      client.query('BEGIN'),
      client.query({
        name: 'bind',
        text: `SELECT set_config('app.tenant_ids', $1, true)`,
        values: [tenantIds],
      }),
      client.query({ ...INSERT_ALERTS, values: parametersOf(batch) }),
      client.query('COMMIT'),
    ]);
    client.release();
    return rows;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function parametersOf(batch) {
  let next = 1;
  const alerts = batch.map(({ tenantId, incidentId, alert, raw, receivedAt }) => {
    const from = next;
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
      received_at: receivedAt,
      raw_from: from,
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
/** Time, process and a counter: sorted, unique, cheap. */
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
