import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { AsyncApi } from '../support/asyncapi.js';
import { EventStream, type Frame } from '../support/event-stream.js';
import { HttpRunner } from '../support/http-runner.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const SERVICE = 'checkout-api';
const ALERT = {
  title: 'High error rate on checkout-api',
  description: 'Error ratio of checkout-api is 18% for five minutes: TypeError in POST /cart/confirm',
  severity: 'critical',
  service: SERVICE,
  environment: 'production',
};

let server: TestServer;
let runner: HttpRunner;
let tenant: TenantUser;
let sender: AlertSender;
let live: EventStream;

beforeAll(async () => {
  server = await TestServer.start({ env: { KNOWN_SOLUTION_WAIT_SECONDS: '3600' } });
  runner = await HttpRunner.start();
  tenant = await newTenant(server.url);
  sender = await AlertSender.of(tenant);
  live = await EventStream.open(tenant.api);
});
afterAll(async () => {
  live.close();
  await runner.stop();
  await server.stop();
});

const minutesAgo = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

async function send(): Promise<string> {
  const answer = await sender.send({ ...ALERT, sourceAlertId: randomUUID() });
  expect(answer.status).toBe(202);
  return answer.body['incidentId'] ?? '';
}

const about =
  (incidentId: string) =>
  (frame: Frame): boolean =>
    frame.data.data['incidentId'] === incidentId;

/** The events of one incident; a status change as `from → to`. */
function story(frames: readonly Frame[], incidentId: string): string[] {
  return frames
    .filter(about(incidentId))
    .map(({ event, data: { data } }) =>
      event === 'incident.status_changed'
        ? `${String(data['previousStatus'])} → ${String(data['newStatus'])}`
        : event,
    );
}

describe('the main job, end to end', () => {
  let first: string;
  let second: string;

  it('prepares a runner, a trigger, and a deploy before the incident', async () => {
    expect((await runner.connect(tenant.api, ['rollback_deployment'])).status).toBe(201);
    const trigger = await tenant.api.post('/v1/triggers', {
      name: 'Tell about checkout',
      on: { event: 'incident.created' },
      condition: `incident.service == "${SERVICE}"`,
      action: 'notify',
      enabled: true,
    });
    expect(trigger.status).toBe(201);
    for (const [version, ago] of [
      ['2.4.0', 300],
      ['2.4.1', 12],
    ] as const) {
      const change = {
        type: 'deploy',
        service: SERVICE,
        environment: 'production',
        version,
        summary: `Deploy ${version}`,
        occurredAt: minutesAgo(ago),
      };
      expect((await tenant.api.post('/v1/changes', change)).status).toBe(201);
    }
  });

  it('finds the deploy, cites it, and proposes to roll it back', async () => {
    first = await send();
    const completed = await live.waitFor('investigation.completed', about(first));
    expect(completed.data.data['rootCause']).toContain('2.4.1');
    const proposed = await live.waitFor('remediation.proposed', about(first));
    expect(proposed.data.data).toMatchObject({ requiresApproval: true });

    const { body: run } = await tenant.api.get<{
      hypotheses: { status: string; supportedBy: string[] }[];
      steps: { findings: unknown[] }[];
    }>(`/v1/investigation/${first}`);
    const { body: evidence } = await tenant.api.get<{ items: { evidenceId: string }[] }>(
      `/v1/investigation/${first}/evidence?limit=100`,
    );
    const supported = run.hypotheses.filter(({ status }) => status === 'supported');
    expect(supported.length).toBeGreaterThan(0);
    const known = new Set(evidence.items.map(({ evidenceId }) => evidenceId));
    for (const { supportedBy } of supported) {
      expect(supportedBy.length).toBeGreaterThan(0);
      for (const id of supportedBy) expect(known.has(id)).toBe(true);
    }
    expect(run.steps.length).toBeGreaterThanOrEqual(3);
  });

  it('is approved, executed by the runner, verified, resolved, and leaves a pattern', async () => {
    const proposed = await live.waitFor('remediation.proposed', about(first));
    const path = `/v1/remediation/${String(proposed.data.data['remediationId'])}`;
    await live.waitFor(
      'incident.status_changed',
      (frame) => about(first)(frame) && frame.data.data['newStatus'] === 'awaiting_approval',
    );
    expect((await tenant.api.post(`${path}/execute`)).status).toBe(409);
    expect((await tenant.api.post(`${path}/approve`, {})).status).toBe(200);
    expect((await tenant.api.post(`${path}/execute`)).status).toBe(202);
    await live.waitFor('knowledge.pattern_extracted', about(first));

    expect(runner.orders.map(({ body }) => [body.action, body['dryRun'], body['attempt']])).toEqual([
      ['rollback_deployment', false, 1],
    ]);
    expect(runner.orders[0]?.webhookId).toBe(runner.orders[0]?.body.stepId);
    const { body } = await tenant.api.get(`/v1/incidents/${first}`);
    expect(body).toMatchObject({
      status: 'resolved',
      rootCause: expect.stringContaining('2.4.1'),
      resolvedAt: expect.any(String),
    });
  });

  it('recognises a similar incident, continues when the known solution is dismissed, and accepts a rejection', async () => {
    second = await send();
    const known = await live.waitFor('investigation.known_solution_found', about(second));
    expect(Number(known.data.data['confidence'])).toBeGreaterThanOrEqual(0.85);
    const answer = await tenant.api.post(`/v1/investigation/${second}/known-solution`, {
      action: 'dismiss',
      patternId: known.data.data['matchedPatternId'],
    });
    expect(answer.status).toBe(200);
    const requested = await live.waitFor('approval.requested', about(second));
    const refusal = await tenant.api.post(
      `/v1/notifications/approvals/${String(requested.data.data['approvalId'])}/respond`,
      { decision: 'reject', notes: 'Not this time' },
    );
    expect(refusal.status).toBe(200);
    await live.waitFor('approval.resolved', about(second));
    await live.waitFor(
      'incident.status_changed',
      (frame) => about(second)(frame) && frame.data.data['previousStatus'] === 'awaiting_approval',
    );
  });

  it('has published every event in the order of the contract', () => {
    const opening = ['incident.created', 'open → triaging', 'triaging → investigating'];
    const progress = live.frames
      .filter(about(first))
      .filter(({ event }) => event === 'investigation.progress');
    const events = story(live.frames, first).filter(
      (step) => step !== 'investigation.progress' && step !== 'trigger.event_received',
    );
    expect(events).toEqual([
      ...opening,
      'investigation.completed',
      'remediation.proposed',
      'approval.requested',
      'investigating → awaiting_approval',
      'remediation.approved',
      'approval.resolved',
      'awaiting_approval → remediating',
      'remediation.executed',
      'remediating → resolved',
      'knowledge.pattern_extracted',
    ]);
    const steps = progress.map(({ data: { data } }) => Number(data['stepIndex']));
    expect(steps).toEqual(steps.map((_, at) => at + 1));
    expect(new Set(progress.map(({ data: { data } }) => data['totalSteps']))).toEqual(
      new Set([steps.length]),
    );

    expect(
      story(live.frames, second).filter(
        (step) => step !== 'investigation.progress' && step !== 'trigger.event_received',
      ),
    ).toEqual([
      ...opening,
      'investigation.known_solution_found',
      'investigation.completed',
      'remediation.proposed',
      'approval.requested',
      'investigating → awaiting_approval',
      'remediation.rejected',
      'approval.resolved',
      'awaiting_approval → open',
    ]);
  });

  it('replays all 22 event types exactly as they were sent live', async () => {
    const { api, tenantId } = tenant;
    await api.patch(`/v1/tenants/${tenantId}`, { name: 'Acme Corporation' });
    const user = await api.post('/v1/users', {
      email: `${randomUUID()}@example.com`,
      name: 'Grace',
      role: 'member',
      password: randomUUID(),
    });
    const userPath = `/v1/users/${String(user.body['userId'])}`;
    expect((await api.patch(userPath, { role: 'admin' })).status).toBe(200);
    expect((await api.delete(userPath)).status).toBe(204);
    const triggers = await api.get<{ items: { triggerId: string }[] }>('/v1/triggers');
    for (const { triggerId } of triggers.body.items)
      expect((await api.delete(`/v1/triggers/${triggerId}`)).status).toBe(204);
    const integrations = await api.get<{ items: { integrationId: string }[] }>('/v1/integrations');
    for (const { integrationId } of integrations.body.items) {
      expect((await api.delete(`/v1/integrations/${integrationId}`)).status).toBe(204);
    }
    await live.waitFor('integration.disconnected');

    const replay = await EventStream.open(api, '?lastEventId=0');
    const newest = live.frames.at(-1)?.id;
    await until('the replay has caught up', () => replay.frames.some(({ id }) => id === newest));
    replay.close();
    expect([...new Set(replay.frames.map(({ event }) => event))].sort()).toEqual(
      [
        'approval.requested', 'approval.resolved', 'incident.created', 'incident.status_changed', 'integration.connected',
        'integration.disconnected', 'investigation.completed', 'investigation.known_solution_found', 'investigation.progress',
        'knowledge.pattern_extracted', 'remediation.approved', 'remediation.executed', 'remediation.proposed',
        'remediation.rejected', 'tenant.created', 'tenant.updated', 'trigger.created', 'trigger.deleted',
        'trigger.event_received', 'user.created', 'user.deleted', 'user.updated',
      ], // prettier-ignore
    );
    const asyncApi = await AsyncApi.of(server.url);
    expect(replay.frames.flatMap(({ event, data }) => asyncApi.faultsOf(event, data))).toEqual([]);
    const ids = replay.frames.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const liveIds = live.frames.map(({ id }) => id);
    expect(ids.slice(-liveIds.length)).toEqual(liveIds);
  });
});
