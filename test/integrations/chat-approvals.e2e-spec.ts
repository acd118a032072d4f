import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { colleague, type Plan, planOf, proposedPlan, story } from '../remediation/plan.js';
import { newKey, newTenant, type TenantUser } from '../support/api.js';
import { FakeSlack, type Posted, type Reply } from '../support/slack.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { notify } from './chat.js';

const ADA = 'U0000000ADA';
const STRANGER = 'U000STRANGE';

let server: TestServer;
let slack: FakeSlack;
let acme: TenantUser;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  slack = await FakeSlack.start();
  acme = await newTenant(server.url);
});
afterEach(() => slack.stop());

interface Asked {
  readonly address: string;
  readonly integrationId: string;
  readonly plan: Plan;
  readonly message: Posted;
}

/** Connects Slack, proposes a plan, and waits for the message that asks for its approval. */
async function asked(approvers: object = { [ADA]: acme.userId }, tenant = acme): Promise<Asked> {
  const connected = await slack.connect(tenant.api, {
    config: { approvers },
    credentials: { signingSecret: slack.signingSecret },
  });
  if (connected.status !== 201) throw new Error(JSON.stringify(connected.body));
  const { ingestUrl, integrationId } = connected.body as { ingestUrl: string; integrationId: string };
  await notify(tenant, integrationId, 'approval.requested');
  const before = slack.arrived.length;
  const plan = await proposedPlan(tenant);
  const message = await until('the message arrived', () => slack.arrived[before]);
  return { address: ingestUrl, integrationId, plan, message };
}

function replies(count = 1): Promise<Reply[]> {
  return until(`${count} replies arrived`, () => slack.replies.length >= count && slack.replies);
}

describe('a button of an approver', () => {
  it('approves the plan as that user, exactly as by the API', async () => {
    const { address, plan, message } = await asked();
    expect(await slack.press(address, message, 'approve', ADA)).toBe(200);
    expect(await planOf(acme, plan)).toMatchObject({ status: 'approved', approvedBy: [acme.userId] });
    expect(await replies()).toEqual([
      { channel: slack.channel, thread_ts: slack.tsOf(message), text: `<@${ADA}> approved this plan.` },
    ]);
    expect(await story(acme, plan)).toEqual([
      'remediation.proposed',
      'approval.requested',
      'investigating → awaiting_approval',
      'remediation.approved',
      'approval.resolved (approved)',
    ]);
    const { body } = await acme.api.get<{ items: { type: string; actor: unknown }[] }>(
      `/v1/incidents/${plan.incidentId}/timeline?limit=100`,
    );
    expect(JSON.stringify(body.items.slice(-2))).toContain(acme.userId);
  });

  it('rejects it, with where that was done as the reason', async () => {
    const { address, plan, message } = await asked();
    expect(await slack.press(address, message, 'reject', ADA)).toBe(200);
    expect((await planOf(acme, plan)).status).toBe('rejected');
    expect(slack.arrived).toHaveLength(1);
    expect(await story(acme, plan)).toContain('remediation.rejected');
    const [reply] = await replies();
    expect(reply?.text).toBe(`<@${ADA}> rejected this plan.`);
  });

  it('approves once, however often it is pressed at the same time', async () => {
    const { address, plan, message } = await asked();
    const presses = Array.from({ length: 10 }, () => slack.press(address, message, 'approve', ADA));
    expect(new Set(await Promise.all(presses))).toEqual(new Set([200]));
    const told = await replies(10);
    expect(told.filter(({ thread_ts: thread }) => thread !== undefined)).toHaveLength(1);
    for (const { user, text } of told.filter(({ thread_ts: thread }) => thread === undefined))
      expect([user, text]).toEqual([ADA, expect.stringMatching(/already been decided/)]);
    expect((await story(acme, plan)).filter((event) => event === 'remediation.approved')).toHaveLength(1);
  });

  it('counts as one of several approvals', async () => {
    await acme.api.patch(`/v1/tenants/${acme.tenantId}`, { settings: { approvals: { required: 2 } } });
    const grace = await colleague(acme, 'admin');
    const { address, plan, message } = await asked({ [ADA]: acme.userId, U000GRACE: grace.userId });
    await slack.press(address, message, 'approve', ADA);
    const [first] = await replies();
    expect(first?.text).toBe(`<@${ADA}> approved this plan. More approvals are required.`);
    expect((await planOf(acme, plan)).status).toBe('proposed');
    await slack.press(address, message, 'approve', 'U000GRACE');
    await replies(2);
    expect(await planOf(acme, plan)).toMatchObject({
      status: 'approved',
      approvedBy: [acme.userId, grace.userId],
    });
  });

  it('does nothing to a plan that is decided, and says so', async () => {
    const { address, plan, message } = await asked();
    await acme.api.post(`/v1/remediation/${plan.remediationId}/reject`, {});
    expect(await slack.press(address, message, 'approve', ADA)).toBe(200);
    expect((await planOf(acme, plan)).status).toBe('rejected');
    expect(await replies()).toEqual([
      { channel: slack.channel, user: ADA, text: expect.stringMatching(/already been decided/) },
    ]);
  });
});

describe('a button of anyone else', () => {
  async function isNotAllowed({ address, plan, message }: Asked, person: string): Promise<void> {
    expect(await slack.press(address, message, 'approve', person)).toBe(200);
    expect(await replies()).toEqual([
      { channel: slack.channel, user: person, text: expect.stringMatching(/^Not allowed/) },
    ]);
    expect(await planOf(acme, plan)).toMatchObject({ status: 'proposed', approvedBy: [] });
  }

  it.each([STRANGER, 'CONSTRUCTOR'])('decides nothing: %s', async (person) => {
    await isNotAllowed(await asked(), person);
  });

  it('decides nothing when that user is a member', async () => {
    const member = await colleague(acme, 'member');
    await isNotAllowed(await asked({ [ADA]: member.userId }), ADA);
  });

  it('decides nothing when that user is an admin of another tenant', async () => {
    const other = await newTenant(server.url);
    await isNotAllowed(await asked({ [ADA]: other.userId }), ADA);
  });

  it('decides nothing from the moment on at which the user is no admin any more', async () => {
    const grace = await colleague(acme, 'admin');
    const open = await asked({ [ADA]: grace.userId });
    const { status } = await acme.api.patch(`/v1/users/${grace.userId}`, { role: 'member' });
    expect(status).toBe(200);
    await isNotAllowed(open, ADA);
  });

  it('decides nothing when that user was deleted', async () => {
    const grace = await colleague(acme, 'admin');
    const open = await asked({ [ADA]: grace.userId });
    expect((await acme.api.delete(`/v1/users/${grace.userId}`)).status).toBe(204);
    await isNotAllowed(open, ADA);
  });
});

describe('a request that Slack did not send', () => {
  it.each<[string, object]>([
    ['signed with another secret', { secret: 'f'.repeat(32) }],
    ['without a signature', { signature: 'v0=' }],
    ['with a signature of another kind', { signature: 'sha256=00' }],
    ['recorded more than five minutes ago', { ageSeconds: 301 }],
    ['from the future', { ageSeconds: -400 }],
  ])('is a 401: %s', async (_, forgery) => {
    const { address, plan, message } = await asked();
    expect(await slack.press(address, message, 'approve', ADA, forgery)).toBe(401);
    expect((await planOf(acme, plan)).status).toBe('proposed');
    expect(slack.replies).toEqual([]);
  });

  it('is a 401 at an integration without a signing secret', async () => {
    const { message } = await asked();
    const { body } = await slack.connect(acme.api);
    expect(await slack.press(String(body['ingestUrl']), message, 'approve', ADA)).toBe(401);
  });

  it('is a 401 once the integration is disconnected', async () => {
    const { address, integrationId, plan, message } = await asked();
    await acme.api.delete(`/v1/integrations/${integrationId}`);
    expect(await slack.press(address, message, 'approve', ADA)).toBe(401);
    expect((await planOf(acme, plan)).status).toBe('proposed');
  });

  it('decides nothing for another tenant', async () => {
    const open = await asked();
    const other = await newTenant(server.url);
    const theirs = await asked({ [ADA]: other.userId }, other);
    expect(await slack.press(theirs.address, open.message, 'approve', ADA)).toBe(200);
    expect(await replies()).toMatchObject([{ user: ADA, text: 'No such approval.' }]);
    expect((await planOf(acme, open.plan)).status).toBe('proposed');
    expect((await planOf(other, theirs.plan)).status).toBe('proposed');
  });

  it('is a 401 with an API key instead of the token in the address', async () => {
    const { address, plan, message } = await asked();
    const shared = address.slice(0, address.lastIndexOf('/'));
    const headers = { 'x-api-key': (await newKey(acme)).plaintextKey };
    expect(await slack.press(shared, message, 'approve', ADA, { headers })).toBe(401);
    expect((await planOf(acme, plan)).status).toBe('proposed');
  });
});

describe('another request of Slack', () => {
  it('is answered 200 and ignored', async () => {
    const { address, plan, message } = await asked();
    expect(await slack.press(address, message, 'approve', ADA, { block: 'of another app' })).toBe(200);
    for (const body of [
      'command=%2Fcauseflow&text=approve&user_id=' + ADA,
      'payload=%7B',
      'payload=null',
      '',
    ])
      expect([body, await slack.send(address, body)]).toEqual([body, 200]);
    expect((await planOf(acme, plan)).status).toBe('proposed');
    expect(slack.replies).toEqual([]);
    expect(server.log).not.toMatch(/"level":"error"[^\n]*"logger":"http"/);
  });
});

describe('connecting approvers', () => {
  it.each([
    ['approvers by name', { approvers: { ada: 'user_01HX9VTPQR3KF8MZWBYD5N6JCE' } }],
    ['approvers that are no users', { approvers: { [ADA]: 'ada@example.com' } }],
  ])('is refused with %s', async (_, config) => {
    expect(await slack.connect(acme.api, { config })).toMatchObject({
      status: 400,
      body: { details: [{ field: 'config.approvers' }] },
    });
  });

  it('is refused without the secret that proves who pressed a button', async () => {
    expect(await slack.connect(acme.api, { config: { approvers: { [ADA]: acme.userId } } })).toMatchObject({
      status: 422,
      body: { message: expect.stringMatching(/signingSecret/) },
    });
  });

  it('is what buttons need: there are none without', async () => {
    const { body } = await slack.connect(acme.api);
    await acme.api.post('/v1/triggers', {
      name: 'Approvals',
      on: { event: 'approval.requested' },
      action: 'notify',
      actionConfig: { integrationId: body['integrationId'] },
    });
    await proposedPlan(acme);
    const message = await until('the message arrived', () => slack.arrived[0]);
    expect(message.blocks.map(({ type }) => type)).not.toContain('actions');
  });
});
