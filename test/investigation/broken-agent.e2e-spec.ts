import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { breakAgent } from '../support/break-agent.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { ALERT, ended, type Investigation, openIncident, recordDeploy, sendAlert, story } from './cases.js';

const BROKEN = 'blast radius';

let server: TestServer;
let tenant: TenantUser;
let incidentId: string;
let run: Investigation;
beforeAll(async () => {
  server = await TestServer.start({ env: { NODE_OPTIONS: breakAgent(BROKEN, 'odd rows') } });
  tenant = await newTenant(server.url);
  await recordDeploy(tenant, 'v42', 5);
  incidentId = await sendAlert(tenant, { ...ALERT, title: 'Failures with odd rows' });
  run = await ended(tenant, incidentId);
});
afterAll(() => server.stop());

it('an agent that throws is a failed step; the other agents run, and the run is decided', () => {
  expect(run).toMatchObject({ status: 'completed', outcome: 'probable', failure: null });
  expect(run.rootCause).toContain('v42');
  const failed = run.steps.filter(({ status }) => status !== 'completed');
  expect(failed).toMatchObject([
    { agentName: BROKEN, status: 'failed', message: expect.stringContaining('Broke down'), findings: [] },
  ]);
  expect(run.missingEvidence).toContainEqual(
    expect.stringMatching(/^What the blast radius would have found/),
  );
});

it('its progress event is published in order, like those of the other agents', async () => {
  const lines = await story(tenant, incidentId);
  expect(lines.filter((line) => line.startsWith('progress'))).toEqual(
    run.steps.map((_, at) => `progress ${at + 1}`),
  );
  expect(lines.filter((line) => line === 'investigation.completed')).toHaveLength(1);
});

it('the error is logged once with its stack, and counted', async () => {
  const logged = () => server.log.split('\n').filter((line) => line.includes(`${BROKEN} broke down in`));
  await until('it is logged', () => logged().length > 0);
  const lines = logged();
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] ?? '') as Record<string, string>;
  expect(line).toMatchObject({ level: 'error', msg: `${BROKEN} broke down in ${run.investigationId}` });
  expect(line['stack']).toMatch(/^TypeError: a row that breaks it\n +at /);
  const { body } = await new Api(server.url).get<string>('/metrics');
  expect(body).toContain(`causeflow_agent_failures_total{agent="${BROKEN}"} 1`);
  expect(body).toContain('causeflow_agent_failures_total{agent="log analysis"} 0');
});

it('a replay fails in the same way, with the same result', async () => {
  const { status, body } = await tenant.api.get(`/v1/investigation/${incidentId}/replay`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ isSame: true, differences: [] });
});

it('other incidents are investigated in full', async () => {
  const other = await openIncident(tenant, { ...ALERT, title: 'Failures with even rows' });
  const { steps } = await ended(tenant, other);
  expect(new Set(steps.map(({ status }) => status))).toEqual(new Set(['completed']));
});
