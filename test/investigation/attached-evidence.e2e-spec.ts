import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import {
  ALERT,
  ended,
  evidenceOf,
  minutesAgo,
  openIncident,
  openQuietIncident,
  start,
  statusIs,
} from './cases.js';

const SERVICE = ALERT.service;
const DATABASE = 'orders-db';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** One row a minute for an hour; `isBad` is true in the last ten minutes. */
function everyMinute<Row>(row: (timestamp: string, isBad: boolean, i: number) => Row): Row[] {
  return Array.from({ length: 60 }, (_, i) => row(minutesAgo(60 - i), i >= 50, i));
}

const metric = (entity: string, name: string, normal: number, bad: number, unit: string) =>
  everyMinute((timestamp, isBad, i) => ({ timestamp, entity, metric: name, value: (isBad ? bad : normal) + (i % 3), unit })); // prettier-ignore

const span = (traceId: string, of: object) => ({
  traceId,
  spanId: randomBytes(4).toString('hex'),
  status: 'ok',
  ...of,
});

/** Content for each type that at least one agent has a finding about. */
const ATTACHED: Readonly<Record<string, unknown>> = {
  log: everyMinute((timestamp, isBad) => ({
    timestamp, entity: SERVICE, level: isBad ? 'error' : 'info', message: isBad ? 'connection pool exhausted' : 'order placed',
  })), // prettier-ignore
  metric: [
    ...metric(SERVICE, 'latency_p99', 100, 4_000, 'ms'),
    ...metric(SERVICE, 'request_count', 100, 100, '1'),
    ...metric(DATABASE, 'latency_p99', 10, 3_800, 'ms'),
    ...metric(DATABASE, 'request_count', 100, 100, '1'),
  ],
  topology: [{ caller: SERVICE, callee: DATABASE }],
  trace: everyMinute((startedAt, isBad, i) => {
    const traceId = `trace-${i}`;
    const root = { spanId: `root-${i}`, entity: SERVICE, operation: 'POST /pay', startedAt, durationMs: isBad ? 4_000 : 100 };
    return [
      span(traceId, root),
      span(traceId, { parentSpanId: root.spanId, entity: DATABASE, operation: 'SELECT', startedAt, durationMs: 5 }),
    ];
  }).flat(), // prettier-ignore
  deployment: { service: SERVICE, occurredAt: minutesAgo(14), version: 'v42', summary: 'Deploy v42' },
  code_change: { service: SERVICE, occurredAt: minutesAgo(20), sha: randomBytes(20).toString('hex'), summary: 'Halve the connection pool', files: ['config/pool.yaml'] },
  config_change: { service: SERVICE, occurredAt: minutesAgo(16), summary: 'Set pool.size to 5' },
  platform_event: { kind: 'pod', entity: `${SERVICE}-7d9fbc6d8-x2x9l`, ready: false, reason: 'CrashLoopBackOff', exitCode: 137 },
  database: metric(DATABASE, 'longest_lock_wait', 0, 60, 's'),
  runbook: 'When the memory of payment-service runs out and it is killed: raise its limit, then restart it.',
  note: 'Ada saw the connection pool fill up.',
}; // prettier-ignore

async function attach({ api }: TenantUser, incidentId: string, type: string, content: unknown) {
  const answer = await api.post(`/v1/incidents/${incidentId}/evidence`, {
    type,
    source: `a person’s ${type}`,
    content,
  });
  expect(answer.status).toBe(201);
  return String(answer.body['evidenceId']);
}

it('each of the eleven types is read by an agent, and cited', async () => {
  const tenant = await newTenant(server.url);
  const quiet = { ...ALERT, severity: 'info', title: 'Odd', description: 'seen' };
  const incident = await openIncident(tenant, quiet);
  await statusIs(tenant, incident, 'open');
  const ids = new Map<string, string>();
  for (const [type, content] of Object.entries(ATTACHED))
    ids.set(await attach(tenant, incident, type, content), type);
  await start(tenant, incident);
  const run = await ended(tenant, incident);
  const file = (await evidenceOf(tenant, incident)).filter(({ evidenceId }) => ids.has(evidenceId));
  expect(file.map(({ type }) => type).sort()).toEqual(Object.keys(ATTACHED).sort());
  expect(file.every(({ agentName }) => run.steps.some((step) => step.agentName === agentName))).toBe(true);
  const cited = new Set(
    run.steps.flatMap(({ findings }) => findings.flatMap(({ evidenceIds }) => evidenceIds)),
  );
  expect([...ids].filter(([id]) => !cited.has(id)).map(([, type]) => type)).toEqual([]);
  expect(run.missingEvidence.filter((missing) => missing.includes('a person’s'))).toEqual([]);
  const written = run.steps.find(({ agentName }) => agentName === 'synthesis')?.findings ?? [];
  expect(written.map(({ statement }) => statement).sort()).toEqual([
    expect.stringMatching(/^The note from a person’s note .*Ada saw/),
    expect.stringMatching(/^The runbook from a person’s runbook mentions the likely cause .*raise its limit/),
  ]);
});

it('rows that no agent can read are reported as missing', async () => {
  const tenant = await newTenant(server.url);
  const incidentId = await openQuietIncident(tenant);
  const at = minutesAgo(5);
  await attach(tenant, incidentId, 'platform_event', [
    { hello: 'world' },
    { timestamp: at, entity: 'api', message: 'restarted' },
  ]);
  await attach(tenant, incidentId, 'deployment', { what: 'something was rolled out' });
  await start(tenant, incidentId);
  const { missingEvidence } = await ended(tenant, incidentId);
  expect(missingEvidence).toContain(
    'platform_event from a person’s platform_event: 2 rows, of which 1 were read.',
  );
  expect(missingEvidence).toContain(
    'deployment from a person’s deployment: 1 row, of which 0 were read: none holds what change detection reads.',
  );
});

it('evidence beyond the limits of a run is reported as missing, and the rest is read', async () => {
  const tenant = await newTenant(server.url);
  const incidentId = await openQuietIncident(tenant);
  const own = [tenant.tenantId, incidentId];
  // Inserted directly, since there are too many for requests; their ids sort before all generated ones.
  const many = `'evd_' || lpad(n::text, 26, '0') AS id FROM generate_series(1, 1000) AS n`;
  await sql(
    server.database.url,
    `WITH rows AS (INSERT INTO incident_evidence_chunks (tenant_id, evidence_id, chunk, content)
       SELECT $1, id, 0, json_build_array(json_build_object('text', id)) FROM (SELECT ${many}) AS m)
     INSERT INTO incident_evidence (tenant_id, evidence_id, incident_id, type, source, accepted, rejected, attached_at)
     SELECT $1, id, $2, 'note', 'many', 1, 0, now() FROM (SELECT ${many}) AS m`,
    own,
    tenant.tenantId,
  );
  await attach(tenant, incidentId, 'note', 'one more');
  await sql(
    server.database.url,
    `INSERT INTO context_notes (tenant_id, note_id, incident_id, context, added_by, added_at)
     SELECT $1, 'evd_' || lpad((5000 + n)::text, 26, '0'), $2, 'seen', 'usr_0', now() FROM generate_series(1, 101) AS n`,
    own,
    tenant.tenantId,
  );
  await sql(
    server.database.url,
    `INSERT INTO changes (tenant_id, change_id, type, service, summary, occurred_at, recorded_at)
     SELECT $1, 'chg_' || lpad(n::text, 26, '0'), 'deploy', 'search', 'Deploy ' || n, now() - interval '1 hour', now()
       FROM generate_series(1, 101) AS n`,
    [tenant.tenantId],
    tenant.tenantId,
  );
  await start(tenant, incidentId);
  const { missingEvidence, investigationId } = await ended(tenant, incidentId);
  expect(missingEvidence).toEqual(
    expect.arrayContaining([
      'Of what was attached to the incident the first 1000 pieces were read, and no more.',
      expect.stringMatching(/^Of the recorded changes from \S+ to \S+ only 100 were read\.$/),
      'Of the context that people added the latest 100 were read.',
    ]),
  );
  const read = await sql<{ source: string; pieces: string }>(
    server.database.url,
    `SELECT source, count(*) AS pieces FROM investigation_evidence WHERE tenant_id = $1 AND investigation_id = $2
      GROUP BY source ORDER BY source`,
    [tenant.tenantId, investigationId],
    tenant.tenantId,
  );
  expect(read).toEqual([
    { source: 'changes', pieces: '100' },
    { source: 'context', pieces: '100' },
    { source: 'incident report', pieces: '1' },
    { source: 'many', pieces: '1000' },
  ]);
});

it('a table with bytes that PostgreSQL cannot store as text is read', async () => {
  const tenant = await newTenant(server.url);
  const incidentId = await openQuietIncident(tenant);
  const table = `service,occurredAt,version,summary\n${SERVICE},${minutesAgo(14)},v4\0,Dep\0loy v42\n`;
  const answer = await tenant.api.post(
    `/v1/incidents/${incidentId}/evidence?type=deployment&source=a+table`,
    table,
    { headers: { 'content-type': 'text/csv' } },
  );
  expect(answer).toMatchObject({ status: 201, body: { accepted: 1 } });
  await start(tenant, incidentId);
  const { status, failure, missingEvidence } = await ended(tenant, incidentId);
  expect({ status, failure }).toEqual({
    status: expect.stringMatching(/^(completed|inconclusive)$/),
    failure: null,
  });
  expect(missingEvidence.filter((missing) => missing.includes('a table'))).toEqual([]);
});

it('rows with absurdly old times are ignored', async () => {
  const tenant = await newTenant(server.url);
  const incidentId = await openQuietIncident(tenant);
  const rows = everyMinute((_, isBad, i) => ({
    ...{ timestamp: -3e14 + i * 60_000, entity: SERVICE, metric: 'latency_p99' },
    value: isBad ? 4_000 : 100 + (i % 3),
  }));
  await attach(tenant, incidentId, 'database', rows);
  await start(tenant, incidentId);
  const { status, failure } = await ended(tenant, incidentId);
  expect({ status, failure }).toEqual({
    status: expect.stringMatching(/^(completed|inconclusive)$/),
    failure: null,
  });
});
