import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { publishedIds, redeliverLog } from '../notifications/log-writer.js';
import { proposedPlan } from '../remediation/plan.js';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { EventStream, type Frame } from '../support/event-stream.js';
import { HttpRunner } from '../support/http-runner.js';
import { untilIdle } from '../support/idle.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** A tenant with an alert sender and a stream of all its events. */
class Scene {
  private constructor(
    readonly tenant: TenantUser,
    readonly sender: AlertSender,
    readonly stream: EventStream,
  ) {}

  static async open(): Promise<Scene> {
    const tenant = await newTenant(server.url);
    return new Scene(
      tenant,
      await AlertSender.of(tenant),
      await EventStream.open(tenant.api, '?lastEventId=0'),
    );
  }

  async trigger(rule: object): Promise<string> {
    const answer = await this.tenant.api.post<{ triggerId: string }>('/v1/triggers', {
      name: 'A rule',
      on: { event: 'incident.created' },
      action: 'notify',
      ...rule,
    });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body.triggerId;
  }

  async alert(title: string, more: object = {}): Promise<string> {
    const { body } = await this.sender.send({ title, description: 'd', severity: 'info', ...more });
    return body['incidentId'] ?? '';
  }

  /** Waits until every event, and every event caused by one, has been handled and streamed. */
  async settled(): Promise<void> {
    const { tenantId } = this.tenant;
    await untilIdle(server.database, tenantId);
    const { length } = await publishedIds(server.database, tenantId);
    await until('all is streamed', () => this.stream.frames.length === length);
  }

  async redeliver(): Promise<void> {
    await redeliverLog(server.database, this.tenant.tenantId);
    await this.settled();
  }

  firings(triggerId: string): Frame[] {
    return this.stream.frames.filter(
      ({ event, data }) => event === 'trigger.event_received' && data.data['triggerId'] === triggerId,
    );
  }
}

describe('a trigger', () => {
  it('is created, read, changed and deleted, and publishes its creation and deletion', async () => {
    const { tenant, stream } = await Scene.open();
    const rule = {
      name: 'Investigate checkout',
      on: { provider: 'custom', event: 'incident.created' },
      condition: 'incident.service == "checkout"',
      action: 'start_investigation',
    };
    const created = await tenant.api.post('/v1/triggers', rule);
    expect(created).toMatchObject({
      status: 201,
      body: {
        ...rule,
        triggerId: expect.stringMatching(/^trg_/),
        actionConfig: {},
        enabled: true,
        createdBy: tenant.userId,
        createdAt: expect.stringMatching(/Z$/),
        updatedAt: expect.stringMatching(/Z$/),
      },
    });
    const path = `/v1/triggers/${String(created.body['triggerId'])}`;
    expect(created.headers.get('location')).toBe(path);
    expect((await tenant.api.get(path)).body).toEqual(created.body);
    expect((await tenant.api.get('/v1/triggers')).body).toEqual({ items: [created.body], nextCursor: null });

    const changed = await tenant.api.patch(path, {
      name: 'Checkout',
      condition: null,
      on: {},
      enabled: false,
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { name: 'Checkout', condition: null, on: {}, action: 'start_investigation', enabled: false },
    });
    expect((await tenant.api.get(path)).body).toEqual(changed.body);

    expect((await tenant.api.delete(path)).status).toBe(204);
    for (const answer of [
      await tenant.api.get(path),
      await tenant.api.delete(path),
      await tenant.api.patch(path, { name: 'x' }),
      await tenant.api.post(`${path}/simulate`),
    ])
      expect(answer).toMatchObject({
        status: 404,
        body: { error: 'not_found', message: 'No such trigger.' },
      });

    const createdEvent = await stream.waitFor('trigger.created');
    expect(createdEvent.data.data).toEqual({
      triggerId: created.body['triggerId'],
      name: rule.name,
      on: rule.on,
      action: rule.action,
      createdBy: tenant.userId,
    });
    const deletedEvent = await stream.waitFor('trigger.deleted');
    expect(deletedEvent.data.data).toEqual({
      triggerId: created.body['triggerId'],
      name: 'Checkout',
      deletedBy: tenant.userId,
    });
  });

  it.each([
    ['a condition with a syntax error', { condition: 'event.data.severity = "high"' }, 'condition', /Unexpected character: =/],
    ['a condition that is not boolean', { condition: '1 + 1' }, 'condition', /must be a boolean expression/],
    ['a condition with an unknown variable', { condition: 'tenant.name == "x"' }, 'condition', /Unknown variable: tenant/],
    ['an unknown event', { on: { event: 'incident.exploded' } }, 'on.event', /one of/],
    ['the event of triggers', { on: { event: 'trigger.event_received' } }, 'on.event', /one of/],
    ['an unknown field in `on`', { on: { severity: 'high' } }, 'on.severity', /^is not known here$/],
    ['an unknown action', { action: 'reboot' }, 'action', /start_investigation, create_incident, record_change, notify, run_remediation_proposal/],
    ['an incomplete action config', { action: 'create_incident', actionConfig: { title: 'x' } }, 'actionConfig.description', /^is required$/],
    ['an action config that the action does not take', { action: 'notify', actionConfig: { to: 'me' } }, 'actionConfig', /empty for notify/],
    ['a blank name', { name: ' ' }, 'name', /blank/],
  ])('is refused with %s', async (_, rule, field, message) => {
    const { tenant } = await Scene.open();
    const answer = await tenant.api.post('/v1/triggers', {
      name: 'A rule',
      on: { event: 'incident.created' },
      action: 'notify',
      ...rule,
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: 'validation_error', details: [{ field, message: expect.stringMatching(message) }] },
    });
    expect((await tenant.api.get('/v1/triggers')).body['items']).toEqual([]);
  }); // prettier-ignore

  it('keeps its values when an update is refused', async () => {
    const { tenant } = await Scene.open();
    const { body } = await tenant.api.post('/v1/triggers', { name: 'n', on: {}, action: 'notify' });
    const path = `/v1/triggers/${String(body['triggerId'])}`;
    expect((await tenant.api.patch(path, { name: 'm', condition: '(' })).status).toBe(400);
    expect((await tenant.api.patch(path, { action: 'create_incident' })).status).toBe(400);
    expect((await tenant.api.get(path)).body).toEqual(body);
  });

  it('is refused with quota_exceeded above 100, also when many are created concurrently', async () => {
    const { api } = await newTenant(server.url);
    const rule = { name: 'A rule', on: { event: 'incident.created' }, action: 'notify' };
    const create = () => api.post('/v1/triggers', rule);
    for (let made = 0; made < 99; made += 1) expect((await create()).status).toBe(201);
    const answers = await Promise.all(Array.from({ length: 20 }, create));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body['error']])).toEqual(
      Array(19).fill([429, 'quota_exceeded']),
    );
  });

  it('is invisible to other tenants and does not fire for their events', async () => {
    const [mine, other] = [await Scene.open(), await Scene.open()];
    const triggerId = await mine.trigger({});
    const otherTrigger = await other.trigger({});
    const path = `/v1/triggers/${triggerId}`;
    for (const answer of [
      await other.tenant.api.get(path),
      await other.tenant.api.patch(path, { enabled: false }),
      await other.tenant.api.delete(path),
      await other.tenant.api.post(`${path}/simulate`),
    ])
      expect(answer).toMatchObject({ status: 404, body: { message: 'No such trigger.' } });
    await mine.alert('mine');
    await Promise.all([mine.settled(), other.settled()]);
    expect(mine.firings(triggerId)).toHaveLength(1);
    expect(other.firings(otherTrigger)).toEqual([]);
    expect(other.stream.frames.filter(({ event }) => event === 'trigger.event_received')).toEqual([]);
  });
});

describe('an event that meets a condition', () => {
  it('fires the trigger once, also when the relay redelivers the event', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({
      condition: 'event.data.title.contains("checkout") && incident.tags.team == "payments"',
    });
    await scene.alert('search is slow', { tags: { team: 'payments' } });
    await scene.alert('checkout is slow');
    const incidentId = await scene.alert('checkout is slow', { tags: { team: 'payments' } });
    await scene.settled();
    expect(scene.firings(triggerId).map(({ data }) => data.data)).toEqual([
      { triggerId, provider: 'custom', event: 'incident.created', actionTaken: 'notify', incidentId },
    ]);

    await scene.redeliver();
    expect(scene.firings(triggerId)).toHaveLength(1);
  });

  it('fires it once for each of many concurrent events', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({});
    const incidents = await Promise.all(Array.from({ length: 20 }, (_, at) => scene.alert(`alert ${at}`)));
    await scene.settled();
    const fired = scene.firings(triggerId).map(({ data }) => data.data['incidentId']);
    expect(fired.sort()).toEqual(incidents.sort());
  });

  it('does not fire a trigger of another provider, a disabled one, or one created later', async () => {
    const scene = await Scene.open();
    const custom = await scene.trigger({ on: { provider: 'custom', event: 'incident.created' } });
    const other = await scene.trigger({ on: { provider: 'http_runner' } });
    const off = await scene.trigger({ enabled: false });
    await scene.alert('first');
    await scene.settled();
    const later = await scene.trigger({});
    await scene.tenant.api.patch(`/v1/triggers/${off}`, { enabled: true });
    await scene.redeliver();
    expect([custom, other, off, later].map((id) => scene.firings(id).length)).toEqual([1, 0, 0, 0]);
    await scene.alert('second');
    await scene.settled();
    expect([custom, other, off, later].map((id) => scene.firings(id).length)).toEqual([2, 0, 1, 1]);
  });

  it('does not fire a deleted trigger', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({});
    await scene.tenant.api.delete(`/v1/triggers/${triggerId}`);
    await scene.alert('too late');
    await scene.settled();
    expect(scene.firings(triggerId)).toEqual([]);
  });

  it('may be about an integration', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({
      on: { provider: 'http_runner', event: 'integration.disconnected' },
    });
    const runner = await HttpRunner.start();
    const { integrationId } = (await runner.connect(scene.tenant.api, ['rollback_deployment'])).body;
    await scene.tenant.api.delete(`/v1/integrations/${integrationId}`);
    await runner.stop();
    await scene.settled();
    expect(scene.firings(triggerId).map(({ data }) => data.data)).toEqual([
      {
        triggerId,
        provider: 'http_runner',
        event: 'integration.disconnected',
        actionTaken: 'notify',
        incidentId: null,
      },
    ]);
    const published = scene.stream.frames.filter(({ event }) => event.startsWith('integration.'));
    expect(published.map(({ event, data }) => [event, data.data])).toEqual([
      ['integration.connected', { integrationId, provider: 'http_runner', connectedBy: scene.tenant.userId }],
      [
        'integration.disconnected',
        { integrationId, provider: 'http_runner', disconnectedBy: scene.tenant.userId },
      ],
    ]);
  });
});

describe('an action', () => {
  it('starts an investigation below the severity threshold of triage', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({ action: 'start_investigation' });
    const incidentId = await scene.alert('barely worth a look', { severity: 'info' });
    await scene.stream.waitFor(
      'investigation.completed',
      ({ data }) => data.data['incidentId'] === incidentId,
    );
    await scene.settled();
    expect(scene.firings(triggerId)).toMatchObject([
      { data: { data: { actionTaken: 'start_investigation', incidentId } } },
    ]);
    const runs = scene.stream.frames.filter(({ event }) => event === 'investigation.completed');
    expect(runs).toHaveLength(1);
  });

  it('opens an incident', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({
      on: { event: 'tenant.updated' },
      action: 'create_incident',
      actionConfig: {
        title: 'The plan was changed',
        description: 'By whom?',
        severity: 'info',
        service: 'billing',
      },
    });
    await scene.tenant.api.patch(`/v1/tenants/${scene.tenant.tenantId}`, { name: 'Acme Ltd' });
    await scene.settled();
    const [firing] = scene.firings(triggerId);
    const incidentId = String(firing?.data.data['incidentId']);
    expect(firing?.data.data).toMatchObject({
      provider: null,
      event: 'tenant.updated',
      actionTaken: 'create_incident',
    });
    expect((await scene.tenant.api.get(`/v1/incidents/${incidentId}`)).body).toMatchObject({
      title: 'The plan was changed',
      severity: 'info',
      service: 'billing',
      source: 'manual',
    });
  });

  it('records a change of the incident’s service', async () => {
    const scene = await Scene.open();
    await scene.trigger({ name: 'Mark it', action: 'record_change', actionConfig: { type: 'config' } });
    await scene.alert('flag flipped', { service: 'checkout', environment: 'production' });
    await scene.settled();
    expect((await scene.tenant.api.get('/v1/changes')).body['items']).toMatchObject([
      {
        type: 'config',
        service: 'checkout',
        environment: 'production',
        summary: 'Mark it: incident.created',
      },
    ]);
  });

  it('proposes a remediation again after a rejection', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({
      on: { event: 'remediation.rejected' },
      condition: 'event.data.reason == "not now"',
      action: 'run_remediation_proposal',
    });
    const { incidentId, ...plan } = await proposedPlan(scene.tenant);
    const reject = (remediationId: unknown, reason: string) =>
      scene.tenant.api.post(`/v1/remediation/${String(remediationId)}/reject`, { reason });
    expect((await reject(plan.remediationId, 'not now')).status).toBe(200);
    const again = await scene.stream.waitFor(
      'remediation.proposed',
      ({ data }) => data.data['remediationId'] !== plan.remediationId,
    );
    expect(again.data.data['incidentId']).toBe(incidentId);
    await scene.settled();
    expect(scene.firings(triggerId).map(({ data }) => data.data)).toMatchObject([
      { event: 'remediation.rejected', actionTaken: 'run_remediation_proposal', incidentId },
    ]);
    expect((await reject(again.data.data['remediationId'], 'never')).status).toBe(200);
    await scene.settled();
    expect(scene.firings(triggerId)).toHaveLength(1);
  });

  it('that is refused is reported as `none` and has no effect', async () => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger({
      on: { event: 'incident.status_changed' },
      condition: 'event.data.newStatus == "closed"',
      action: 'start_investigation',
    });
    const incidentId = await scene.alert('closed at once');
    await scene.settled();
    await scene.tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'closed' });
    await scene.settled();
    expect(scene.firings(triggerId)).toMatchObject([{ data: { data: { actionTaken: 'none', incidentId } } }]);
    expect((await scene.tenant.api.get(`/v1/investigation/${incidentId}`)).status).toBe(404);
  });
});

describe('a chain of triggers', () => {
  const onto = (from: string, to: string) => ({
    condition: `event.data.title == "${from}"`,
    action: 'create_incident',
    actionConfig: { title: to, description: 'd', severity: 'info' },
  });
  const titles = ({ stream }: Scene) =>
    stream.frames.filter(({ event }) => event === 'incident.created').map(({ data }) => data.data['title']);

  it('stops after three triggers', async () => {
    const scene = await Scene.open();
    for (const at of [0, 1, 2, 3]) await scene.trigger(onto(`${at}`, `${at + 1}`));
    await scene.alert('0');
    await scene.settled();
    expect(titles(scene)).toEqual(['0', '1', '2', '3']);
  });

  it('fires each trigger at most once', async () => {
    const scene = await Scene.open();
    await scene.trigger(onto('same', 'same'));
    await scene.trigger(onto('ping', 'pong'));
    await scene.trigger(onto('pong', 'ping'));
    await scene.alert('same');
    await scene.alert('ping');
    await scene.settled();
    expect(titles(scene).sort()).toEqual(['ping', 'ping', 'pong', 'same', 'same']);
  });
});

describe('triggers that open incidents for the incidents of each other', () => {
  it('open no more per minute than their plan allows calls', async () => {
    const limit = 20;
    const limited = await TestServer.start({ env: { RATE_LIMIT_PRO_PER_MINUTE: `${limit}` } });
    try {
      const { api, tenantId } = await newTenant(limited.url);
      const report = { title: 'One more', description: 'd', severity: 'info' };
      for (let n = 0; n < 6; n += 1) {
        const rule = { name: 'More', on: { event: 'incident.created' }, action: 'create_incident' };
        expect((await api.post('/v1/triggers', { ...rule, actionConfig: report })).status).toBe(201);
      }
      expect((await api.post('/v1/incidents', report)).status).toBe(201);
      const count = async (what: string): Promise<number> => {
        const [row] = await sql<{ count: number }>(limited.database.url, what, [tenantId], tenantId);
        return row?.count ?? 0;
      };
      await until('the relay has caught up', async () => {
        const behind = 'SELECT (seq - relayed)::int AS count FROM event_stream WHERE tenant_id = $1';
        return (await count(behind)) === 0;
      });
      const opened = await count('SELECT count(*)::int AS count FROM incidents WHERE tenant_id = $1');
      expect(opened).toBeGreaterThan(6);
      // Without a limit 157; a new minute may begin meanwhile.
      expect(opened).toBeLessThanOrEqual(1 + 6 + 2 * limit);
      const refused = `SELECT count(*)::int AS count FROM events
        WHERE tenant_id = $1 AND type = 'trigger.event_received' AND data->>'actionTaken' = 'none'`;
      expect(await count(refused)).toBeGreaterThan(0);
    } finally {
      await limited.stop();
    }
  });
});

describe('an event caused by a trigger, in one batch with other events', () => {
  /** Blocks the relay of the tenant's log. @returns a function that releases and wakes it */
  async function holdRelay({ tenant }: Scene): Promise<() => Promise<void>> {
    const holder = new pg.Client({ connectionString: server.database.url });
    await holder.connect();
    await holder.query(`SELECT pg_advisory_lock(hashtextextended('causeflow.relay:' || $1, 0))`, [
      tenant.tenantId,
    ]);
    return async () => {
      await holder.query(`SELECT pg_advisory_unlock_all(), pg_notify('causeflow_events', $1)`, [
        tenant.tenantId,
      ]);
      await holder.end();
    };
  }

  it.each<[string, number, string, object]>([
    ['its triage', 0, 'info', { on: { event: 'incident.status_changed' }, condition: 'event.data.newStatus == "open"' }],
    ['its triage', 1, 'info', { on: { event: 'incident.status_changed' }, condition: 'event.data.newStatus == "open"' }],
    ['its investigation', 0, 'high', { on: { event: 'investigation.completed' } }],
    ['its investigation', 1, 'high', { on: { event: 'investigation.completed' } }],
  ])('does not fire that trigger by %s, but the other event does (position %i)', async (_, position, severity, rule) => {
    const scene = await Scene.open();
    const triggerId = await scene.trigger(rule);
    const release = await holdRelay(scene);
    const ids = [await scene.alert('one', { severity }), await scene.alert('two', { severity })];
    const { tenantId } = scene.tenant;
    await sql(
      server.database.url,
      `UPDATE events SET correlation_id = 'call ' || $3 WHERE tenant_id = $1 AND incident_id = $2`,
      [tenantId, ids[position], triggerId],
      tenantId,
    );
    await release();
    await scene.settled();
    const [rest] = ids.filter((id) => id !== ids[position]);
    expect(scene.firings(triggerId).map(({ data }) => data.data['incidentId'])).toEqual([rest]);
  }); // prettier-ignore
});

describe('a trigger on inconclusive investigations that starts another one', () => {
  it('starts only one, because the correlation id carries the trigger through jobs and modules', async () => {
    const scene = await Scene.open();
    const gaveUp = {
      on: { event: 'incident.status_changed' },
      condition: 'event.data.previousStatus == "investigating" && event.data.newStatus == "open"',
    };
    const again = await scene.trigger({ ...gaveUp, action: 'start_investigation' });
    const witness = await scene.trigger(gaveUp);
    const incidentId = await scene.alert('look twice', { severity: 'critical' });
    await until('two runs have ended without a finding', () => scene.firings(witness).length === 2);
    await scene.settled();
    expect(scene.firings(again).map(({ data }) => data.data['incidentId'])).toEqual([incidentId]);
    const ended = scene.stream.frames.filter(({ event }) => event === 'investigation.completed');
    expect(ended).toHaveLength(2);
  });
});

describe('a condition with catastrophic backtracking', () => {
  it('counts as not met and does not delay other triggers', async () => {
    const scene = await Scene.open();
    const hostile = await scene.trigger({ condition: 'event.data.title.matches("^(a+)+$")' });
    const honest = await scene.trigger({ condition: 'event.data.title.matches("!$")' });
    for (const title of ['1', '2', '3']) await scene.alert(`${'a'.repeat(40)}${title}!`);
    await scene.settled();
    expect(scene.firings(hostile)).toEqual([]);
    expect(scene.firings(honest)).toHaveLength(3);
    await until('it is logged', () => server.log.includes(`The condition of ${hostile} takes too long`));
  });
});

describe('a simulation', () => {
  it('lists the past events that would have fired the trigger, and fires none', async () => {
    const scene = await Scene.open();
    await scene.alert('one', { service: 'search' });
    const incidentId = await scene.alert('two', { service: 'checkout' });
    await scene.settled();
    const triggerId = await scene.trigger({ condition: 'incident.service == "checkout"', enabled: false });
    const { status, body } = await scene.tenant.api.post(`/v1/triggers/${triggerId}/simulate`);
    const created = scene.stream.frames.find(
      ({ event, data }) => event === 'incident.created' && data.data['incidentId'] === incidentId,
    );
    expect([status, body]).toEqual([
      200,
      {
        triggerId,
        examined: expect.any(Number),
        fired: [
          { id: created?.id, event: 'incident.created', timestamp: created?.data.timestamp, incidentId },
        ],
      },
    ]);
    await scene.settled();
    expect(scene.firings(triggerId)).toEqual([]);
  });
});
