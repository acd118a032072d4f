import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { CHECKOUT, TestServer } from '../support/server.js';
import { codes, colleague } from '../remediation/plan.js';
import { ALERT, ended, type Investigation, minutesAgo, recordDeploy, sendAlert, start } from './cases.js';

interface Exported {
  readonly case: { readonly id: string; readonly schema: string } & Record<string, unknown>;
  readonly label: Record<string, unknown>;
  readonly labelledBy: string;
  readonly masked: Record<string, number>;
}

const PASSWORD = randomBytes(12).toString('hex');
const EMAIL = 'ada.lovelace@example.com';

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start({ env: { KNOWN_SOLUTION_WAIT_SECONDS: '0' } });
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

function exportCase({ api }: TenantUser, incidentId: string, body?: object) {
  return api.post<Exported & { error?: string }>(`/v1/investigation/${incidentId}/eval-case`, body);
}

/** A deploy, errors after it, and secrets in every field that people and programs fill. */
async function incidentWithSecrets(): Promise<{ incidentId: string; run: Investigation }> {
  await recordDeploy(tenant, 'v42', 10);
  const description = `Reported by ${EMAIL}; db postgres://shop:${PASSWORD}@10.1.2.3/orders`;
  const incidentId = await sendAlert(tenant, { ...ALERT, title: `Errors for ${EMAIL}`, description });
  await ended(tenant, incidentId);
  const entity = ALERT.service;
  const logs = Array.from({ length: 60 }, (_, at) => ({
    timestamp: minutesAgo(60 - at),
    entity,
    level: at < 52 ? 'info' : 'error',
    message: at < 52 ? `login of ${EMAIL}` : `connection refused password=${PASSWORD}`,
  }));
  const metrics = Array.from({ length: 60 }, (_, at) => ({
    timestamp: minutesAgo(60 - at),
    entity,
    metric: 'error_ratio',
    value: at < 52 ? 0.001 : 0.4,
  }));
  const events = [
    { timestamp: minutesAgo(4), entity, reason: 'Unhealthy', message: `probe by ${EMAIL} failed` },
  ];
  for (const [type, content] of Object.entries({ log: logs, metric: metrics, platform_event: events })) {
    const attached = await tenant.api.post(`/v1/incidents/${incidentId}/evidence`, {
      type,
      source: 'x',
      content,
    });
    expect(attached.status).toBe(201);
  }
  await tenant.api.post(`/v1/investigation/${incidentId}/context`, { context: `${EMAIL} says it was v42` });
  expect((await start(tenant, incidentId)).status).toBe(202);
  return { incidentId, run: await ended(tenant, incidentId) };
}

async function evaluated(exported: Exported): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'causeflow-case-'));
  try {
    const { id } = exported.case;
    await writeFile(join(folder, `${id}.json`), JSON.stringify(exported.case));
    await writeFile(
      join(folder, 'manifest.json'),
      JSON.stringify([{ id, dataset: exported.label['dataset'], file: `${id}.json` }]),
    );
    const out = join(folder, 'predictions.json');
    await promisify(execFile)(process.execPath, ['dist/cli/eval.js', '--cases', folder, '--out', out], {
      cwd: CHECKOUT,
    });
    return (JSON.parse(await readFile(out, 'utf8')) as Record<string, Record<string, unknown>>)[id] ?? {};
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('an incident that has ended', () => {
  it('is exported as a case with the same outcome in the evaluation, without secrets and without the answer', async () => {
    const { incidentId, run } = await incidentWithSecrets();
    expect((await tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'closed' })).status).toBe(200);
    const { status, body } = await exportCase(tenant, incidentId);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      case: { schema: 'rca-case/1', dataset: 'own' },
      label: { dataset: 'own', root_cause_entity: ALERT.service, kind: 'recorded' },
      labelledBy: 'run',
      masked: { email: expect.any(Number), password: 1, secret: 8, ip: 1 },
    });
    const text = JSON.stringify(body);
    for (const hidden of [PASSWORD, EMAIL, '10.1.2.3', incidentId, tenant.tenantId, 'says it was'])
      expect(text).not.toContain(hidden);
    expect(JSON.stringify(body.case)).not.toContain(run.rootCause);
    expect(text).toContain('[email#1]');

    const prediction = await evaluated(body);
    expect(prediction).toMatchObject({ incident: true, outcome: run.outcome });
    expect(prediction['ranked']).toMatchObject([{ entity: ALERT.service }]);
    // The format has no environment, which has a small influence on the score of a change.
    expect(Math.abs(Number(prediction['confidence']) - (run.confidence ?? 0))).toBeLessThan(0.05);
    expect((await exportCase(tenant, incidentId, {})).body.case.id).toBe(body.case.id);
  });

  it('can be labelled by a person', async () => {
    const incidentId = await sendAlert(tenant);
    await ended(tenant, incidentId);
    await tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'resolved' });
    const truth = { rootCauseEntity: 'orders-db', failureMode: 'storage_full' };
    expect((await exportCase(tenant, incidentId, truth)).body).toMatchObject({
      label: { root_cause_entity: 'orders-db', failure_mode: 'storage_full' },
      labelledBy: 'person',
    });
    const healthy = await exportCase(tenant, incidentId, { rootCauseEntity: null });
    expect(healthy.body.label).toMatchObject({ root_cause_entity: null });
    expect(codes([await exportCase(tenant, incidentId, { failureMode: 'sunspots' })])).toEqual({
      '400 validation_error': 1,
    });
  });

  it('is not exported while it is open, to members, or to another tenant', async () => {
    const incidentId = await sendAlert(tenant);
    await ended(tenant, incidentId);
    expect(codes([await exportCase(tenant, incidentId)])).toEqual({ '409 conflict': 1 });
    await tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'closed' });
    expect(codes([await exportCase(await colleague(tenant, 'member'), incidentId)])).toEqual({
      '403 forbidden': 1,
    });
    expect(codes([await exportCase(await newTenant(server.url), incidentId)])).toEqual({
      '404 not_found': 1,
    });
  });
});
