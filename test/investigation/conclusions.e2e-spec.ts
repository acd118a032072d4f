import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { setCause } from '../knowledge/resolved-incidents.js';
import {
  ended,
  lockTable,
  openQuietIncident,
  recordDeploy,
  runIs,
  sendAlert,
  start,
  statusIs,
  story,
} from './cases.js';

const CAUSE = 'The pool of connections is too small for the evening';

let server: TestServer;
beforeAll(async () => {
  // A resolved incident becomes a known solution of the next one; these tests do not wait for decisions on it.
  const env = { INVESTIGATIONS_PER_TENANT: '20', JOB_CONCURRENCY: '6', KNOWN_SOLUTION_WAIT_SECONDS: '0' };
  server = await TestServer.start({ env });
});
afterAll(() => server.stop());

async function incidentOf({ api }: TenantUser, incidentId: string) {
  return (await api.get(`/v1/incidents/${incidentId}`)).body;
}

function resolve({ api }: TenantUser, incidentId: string) {
  return api.patch(`/v1/incidents/${incidentId}`, { status: 'resolved' });
}

describe('the root cause of an incident', () => {
  it('is kept when a later run finds none, also when that run’s end races with a person resolving it', async () => {
    const tenant = await newTenant(server.url);
    const ids = await Promise.all(Array.from({ length: 20 }, () => openQuietIncident(tenant)));
    for (const id of ids) await setCause(server, tenant, id, CAUSE);
    const release = await lockTable(server.database.url, 'changes');
    for (const id of ids) expect((await start(tenant, id)).status).toBe(202);
    await Promise.all([release(), ...ids.map((id) => resolve(tenant, id))]);
    for (const id of ids) {
      expect(await ended(tenant, id)).toMatchObject({ status: 'inconclusive', rootCause: null });
      const incident = await incidentOf(tenant, id);
      expect([incident['rootCause'], incident['status']]).toEqual([CAUSE, 'resolved']);
    }
  });

  it('is set by a run that ends after a person has resolved the incident', async () => {
    const tenant = await newTenant(server.url);
    await recordDeploy(tenant, 'v42', 5);
    const release = await lockTable(server.database.url, 'changes');
    const incidentId = await sendAlert(tenant);
    await runIs(tenant, incidentId, ({ steps }) => steps[1]?.status === 'running');
    expect((await resolve(tenant, incidentId)).status).toBe(200);
    await release();
    const run = await ended(tenant, incidentId);
    expect(await incidentOf(tenant, incidentId)).toMatchObject({
      status: 'resolved',
      rootCause: run.rootCause,
      confidence: run.confidence,
    });
    expect(run.rootCause).toContain('v42');
  });
});

it('a run that starts before the end of the previous run is handled gets its own proposal', async () => {
  const tenant = await newTenant(server.url);
  await recordDeploy(tenant, 'v42', 5);
  const stopReading = await lockTable(server.database.url, 'changes');
  const incidentId = await sendAlert(tenant);
  await runIs(tenant, incidentId, ({ steps }) => steps[1]?.status === 'running');
  const stopListening = await lockTable(server.database.url, 'handled_places');
  await stopReading();
  const first = await ended(tenant, incidentId);

  const stopReadingAgain = await lockTable(server.database.url, 'changes');
  expect((await start(tenant, incidentId)).status).toBe(202);
  await stopListening();
  await until('the end of the first run was handled', async () => {
    const [row] = await sql<{ handled: boolean }>(
      server.database.url,
      `SELECT EXISTS (SELECT FROM handled_places WHERE effect = 'propose-remediation') AS handled`,
      [],
      tenant.tenantId,
    );
    return row?.handled;
  });
  expect((await incidentOf(tenant, incidentId))['status']).toBe('investigating');
  expect(await story(tenant, incidentId)).not.toContain('remediation.proposed');

  await stopReadingAgain();
  const second = await ended(tenant, incidentId);
  expect(second.investigationId).not.toBe(first.investigationId);
  await statusIs(tenant, incidentId, 'awaiting_approval');
  const { body } = await tenant.api.get<{ items: { investigationId: string }[] }>(
    `/v1/incidents/${incidentId}/remediations`,
  );
  expect(body.items.map(({ investigationId }) => investigationId)).toEqual([second.investigationId]);
  expect((await story(tenant, incidentId)).filter((line) => line === 'remediation.proposed')).toHaveLength(1);
});
