import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { proposedPlan } from '../remediation/plan.js';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { untilIdle } from '../support/idle.js';
import { FakeSlack, linesOf, type Posted } from '../support/slack.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { arrived, connect, incident, notify } from './chat.js';

let server: TestServer;
let slack: FakeSlack;
let acme: TenantUser;
let integrationId: string;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  slack = await FakeSlack.start();
  acme = await newTenant(server.url);
  integrationId = await connect(slack, acme);
});
afterEach(() => slack.stop());

const about = (incidentId: string): Posted[] =>
  slack.arrived.filter((message) => linesOf(message).at(-1)?.includes(incidentId));

/** The first message is in the channel, and the others are in its thread. */
function expectOneThread(messages: readonly Posted[]): void {
  const [first, ...later] = messages;
  expect(first?.thread_ts).toBeUndefined();
  for (const { thread_ts: thread } of later) expect(thread).toBe(slack.tsOf(first));
}

const setStatus = async (incidentId: string, status: string): Promise<void> => {
  expect((await acme.api.patch(`/v1/incidents/${incidentId}`, { status })).status).toBe(200);
};

describe('the messages about one incident', () => {
  it('are in one thread, in order; what everybody has to know or to decide is in the channel, too', async () => {
    for (const event of [
      'incident.created',
      'incident.status_changed',
      'investigation.completed',
      'approval.requested',
    ])
      await notify(acme, integrationId, event);
    const [one, other] = await Promise.all([proposedPlan(acme), proposedPlan(acme)]);
    await setStatus(one.incidentId, 'resolved');
    await untilIdle(server.database, acme.tenantId);
    for (const { incidentId } of [one, other]) expectOneThread(about(incidentId));
    const headlines = about(one.incidentId).map((message) => {
      const [headline, ...lines] = linesOf(message);
      const status = lines.find((line) => line.startsWith('*New status:*')) ?? '';
      return `${message.reply_broadcast ? 'all' : ''} ${headline ?? ''} ${status}`.trim();
    });
    expect(headlines).toEqual([
      '*Incident created*',
      '*Incident status changed* *New status:* triaging',
      '*Incident status changed* *New status:* investigating',
      'all *Investigation completed*',
      'all *Approval requested*',
      '*Incident status changed* *New status:* awaiting_approval',
      'all *Incident status changed* *New status:* resolved',
    ]);
  });

  it('have one thread for each integration, whatever another tenant has', async () => {
    const second = await connect(slack, acme);
    const other = await newTenant(server.url);
    for (const [tenant, id] of [
      [acme, integrationId],
      [acme, second],
      [other, await connect(slack, other)],
    ] as const) {
      await notify(tenant, id, 'incident.created', { name: id });
      await notify(tenant, id, 'incident.status_changed', { name: id });
    }
    const incidents = [await incident(acme, 'ours'), await incident(other, 'theirs')];
    for (const { tenantId } of [acme, other]) await untilIdle(server.database, tenantId);
    const subjects = new Set(slack.arrived.map((message) => linesOf(message).at(-1)));
    expect(subjects.size).toBe(3);
    for (const subject of subjects) {
      const messages = slack.arrived.filter((message) => linesOf(message).at(-1) === subject);
      expect(messages).toHaveLength(3);
      expectOneThread(messages);
    }

    // Another tenant's row about the same incident and integration.
    await sql(
      server.database.url,
      'INSERT INTO chat_threads (tenant_id, incident_id, integration_id, thread) VALUES ($1, $2, $3, $4)',
      [other.tenantId, incidents[0], integrationId, '1600000000.000100'],
      other.tenantId,
    );
    await setStatus(incidents[0] ?? '', 'resolved');
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(11);
    for (const { thread_ts: thread } of slack.arrived) expect(thread).not.toBe('1600000000.000100');
  });

  it('begin one thread when many are requested at the same time, with two replicas to send them', async () => {
    const replica = await TestServer.start({ database: server.database });
    let answer = (): void => undefined;
    slack.treatments.push(new Promise<void>((resolve) => (answer = resolve)));
    try {
      for (let count = 0; count < 10; count += 1) await notify(acme, integrationId, 'incident.created');
      const ids = await Promise.all([incident(acme, 'one'), incident(acme, 'other')]);
      await until('all of them are requested', async () => {
        const { tenantId } = acme;
        const rows = await sql(server.database.url, 'SELECT FROM chat_messages', [], tenantId);
        return rows.length === 20 && slack.arrived.length > 0;
      });
      expect(slack.arrived).toHaveLength(1);
      answer();
      await arrived(slack, 20);
      await untilIdle(server.database, acme.tenantId);
      for (const id of ids) {
        expect(about(id)).toHaveLength(10);
        expectOneThread(about(id));
      }
    } finally {
      answer();
      await replica.stop();
    }
  });

  it('begin with the second one if Slack refuses the first, which follows', async () => {
    slack.treatments.push({ status: 200, body: { ok: false, error: 'invalid_blocks' } });
    await notify(acme, integrationId, 'incident.created');
    await notify(acme, integrationId, 'incident.status_changed');
    await incident(acme, 'refused at first');
    const [refused, ...taken] = await arrived(slack, 4);
    expect(refused?.text).toBe('Incident created: refused at first');
    expectOneThread(taken);
    expect(taken.at(-1)?.text).toBe(refused?.text);
  });

  it('begin a new thread when the first one was deleted', async () => {
    await notify(acme, integrationId, 'incident.created');
    await notify(acme, integrationId, 'incident.status_changed', {
      condition: 'event.data.newStatus in ["resolved", "closed"]',
    });
    const id = await incident(acme, 'tidied up');
    const [deleted] = await arrived(slack, 1);
    slack.delete(deleted as Posted);
    await setStatus(id, 'resolved');
    const [, orphan] = await arrived(slack, 2);
    await setStatus(id, 'closed');
    const [, , reply] = await arrived(slack, 3);
    expect(reply?.thread_ts).toBe(slack.tsOf(orphan));
  });

  it('go to the channel when the thread is locked', async () => {
    await notify(acme, integrationId, 'incident.created');
    await notify(acme, integrationId, 'incident.status_changed', {
      condition: 'event.data.newStatus == "resolved"',
    });
    const id = await incident(acme, 'heated');
    await arrived(slack, 1);
    const error = 'restricted_action_thread_locked';
    slack.treatments.push({ status: 200, body: { ok: false, error } });
    await setStatus(id, 'resolved');
    const [first, reply, own] = await arrived(slack, 3);
    expect(reply?.thread_ts).toBe(slack.tsOf(first));
    expect(own?.thread_ts).toBeUndefined();
    expect(own?.blocks).toEqual(reply?.blocks);
  });
});

it('a message that is about no incident has no thread', async () => {
  await notify(acme, integrationId, 'tenant.updated');
  for (const name of ['Acme 2', 'Acme 3']) await acme.api.patch(`/v1/tenants/${acme.tenantId}`, { name });
  const messages = await arrived(slack, 2);
  expect(messages.map(({ thread_ts: thread }) => thread)).toEqual([undefined, undefined]);
});
