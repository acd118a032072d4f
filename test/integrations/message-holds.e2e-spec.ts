import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { proposedPlan } from '../remediation/plan.js';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { untilIdle } from '../support/idle.js';
import { FakeSlack, linesOf, type Posted, type Treatment } from '../support/slack.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { arrived, connect, endHold, held, incident, notify } from './chat.js';

const BUSY: Treatment = {
  status: 429,
  headers: { 'retry-after': '3000' },
  body: { ok: false, error: 'ratelimited' },
};
const ADA = 'U0000000ADA';

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

const textsOf = (messages: readonly Posted[]): string[] => messages.map(({ text }) => text);

const incidentOf = (message: Posted): string =>
  /inc_[0-9A-Z]{26}/.exec(linesOf(message).at(-1) ?? '')?.[0] ?? '';

/** Event and incident. */
const subjectOf = (message: Posted): string =>
  `${message.text.startsWith('Incident created') ? 'incident.created' : 'incident.status_changed'} ${incidentOf(message)}`;

/** The same of the tenant's log, in its order. */
async function subjectsInLog({ api }: Pick<TenantUser, 'api'>): Promise<string[]> {
  const { body } = await api.get<{ items: { event: string; data: { incidentId: string } }[] }>(
    '/v1/notifications/events?events=incident.*&limit=100',
  );
  return body.items.map(({ event, data }) => `${event} ${data.incidentId}`);
}

describe('a chat that is busy', () => {
  it('gets nothing from its installation before the time that it told, and then everything in order', async () => {
    const sameApp = await connect(slack, acme);
    const elsewhere = await FakeSlack.start();
    try {
      await notify(acme, integrationId, 'incident.created');
      await notify(acme, integrationId, 'incident.status_changed');
      slack.treatments.push(BUSY);
      await incident(acme, 'one');
      await held(server, acme, integrationId, sameApp);
      await notify(acme, sameApp, 'incident.created', { name: 'Same app' });
      await notify(acme, await connect(elsewhere, acme), 'incident.created');
      for (const title of ['two', 'three', 'four']) await incident(acme, title);

      await untilIdle(server.database, acme.tenantId);
      expect(textsOf(slack.arrived)).toEqual(['Incident created: one']);
      expect(textsOf(elsewhere.arrived)).toEqual(
        ['two', 'three', 'four'].map((of) => `Incident created: ${of}`),
      );
      // However many messages wait, one job comes back for each integration.
      const later = await sql(
        server.database.url,
        `SELECT FROM graphile_worker._private_jobs WHERE payload->>'tenantId' = $1`,
        [acme.tenantId],
      );
      expect(later).toHaveLength(2);

      await endHold(server, acme);
      await arrived(slack, 1 + 12 + 3);
      await untilIdle(server.database, acme.tenantId);
      const sent = slack.arrived.slice(1);
      expect(sent).toHaveLength(12 + 3);
      const isSameApp = (message: Posted): boolean => JSON.stringify(message).includes('Same app');
      expect(sent.filter((message) => !isSameApp(message)).map(subjectOf)).toEqual(await subjectsInLog(acme));
    } finally {
      await elsewhere.stop();
    }
  });

  it('gets the reply to a decision after that time, too', async () => {
    const { body } = await slack.connect(acme.api, {
      config: { approvers: { [ADA]: acme.userId } },
      credentials: { signingSecret: slack.signingSecret },
    });
    const { ingestUrl, integrationId: withButtons } = body as { ingestUrl: string; integrationId: string };
    await notify(acme, withButtons, 'approval.requested');
    const plan = await proposedPlan(acme);
    const [message] = await arrived(slack, 1);
    slack.replyTreatments.push(BUSY);
    expect(await slack.press(ingestUrl, message as Posted, 'approve', ADA)).toBe(200);
    await held(server, acme, integrationId, withButtons);
    await notify(acme, integrationId, 'incident.created');
    await incident(acme, 'while it is busy');
    await until('the reply waits', async () => {
      const rows = await sql(
        server.database.url,
        `SELECT FROM graphile_worker.jobs WHERE task_identifier = 'reply-in-chat' AND attempts = 0 AND run_at > now() + interval '10 minutes'`,
      );
      return rows.length === 1;
    });
    expect([slack.replies.length, slack.arrived.length]).toEqual([1, 1]);
    const { body: approved } = await acme.api.get(`/v1/remediation/${plan.remediationId}`);
    expect(approved['status']).toBe('approved');

    await endHold(server, acme);
    await arrived(slack, 2);
    await until('the reply arrived', () => slack.replies.length === 2);
    expect(slack.replies[1]).toMatchObject({ thread_ts: slack.tsOf(message) });
  });

  it('gets what waited from the next server when this one is killed, in the thread that it began', async () => {
    const doomed = await TestServer.start();
    let inLog: string[] = [];
    try {
      acme = await newTenant(doomed.url);
      const id = await connect(slack, acme);
      await notify(acme, id, 'incident.created');
      await notify(acme, id, 'incident.status_changed');
      slack.treatments.push('take', BUSY);
      await incident(acme, 'through a power cut');
      await held(doomed, acme, id);
      await incident(acme, 'during a power cut');
      await untilIdle(doomed.database, acme.tenantId);
      expect(slack.arrived).toHaveLength(2);
      await doomed.kill();

      const next = await TestServer.start({ database: doomed.database });
      await endHold(next, acme);
      await until('all have arrived', () => slack.arrived.length === 7);
      await untilIdle(next.database, acme.tenantId);
      inLog = await subjectsInLog({ api: new Api(next.url, acme.api.token) });
      await next.stop();
    } finally {
      await doomed.stop();
    }
    const [first, , ...waited] = slack.arrived as [Posted, ...Posted[]];
    expect([first, ...waited].map(subjectOf)).toEqual(inLog);
    for (const message of waited) {
      const begun = slack.arrived.find(
        (each) => subjectOf(each) === `incident.created ${incidentOf(message)}`,
      );
      expect(message.thread_ts).toBe(message === begun ? undefined : slack.tsOf(begun));
    }
  });
});

it('a chat that is away gets the messages in order once it is back', async () => {
  slack.treatments.push('break', { status: 200, body: { ok: false, error: 'not_in_channel' } });
  await notify(acme, integrationId, 'incident.created');
  await incident(acme, 'one');
  await arrived(slack, 1);
  await incident(acme, 'two');
  const texts = textsOf(await arrived(slack, 4));
  expect(texts).toEqual([...Array<string>(3).fill('Incident created: one'), 'Incident created: two']);
});
