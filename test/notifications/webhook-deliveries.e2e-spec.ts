import { randomBytes, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queriesSince } from '../scale/queries.js';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { type Hook, HookReceiver, isSignedBy } from './hook-receiver.js';
import { append, newIncidentId, publishedIds } from './log-writer.js';
import {
  delivered,
  deliveriesOf,
  type Delivery,
  newSubscriber,
  PATH,
  subscribe,
  type Subscription,
} from './subscriber.js';

let server: TestServer;
let receiver: HookReceiver;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  receiver = await HookReceiver.start();
});
afterEach(() => receiver.stop());

const arrived = (count: number, path?: string) =>
  until(`${count} arrived`, () => receiver.at(path).length >= count);
/** Makes every scheduled retry due now. */
const makeDue = async (tenantId: string, { subscriptionId }: Subscription): Promise<void> => {
  for (const [table, column] of [
    ['webhook_deliveries', 'next_attempt_at'],
    ['webhook_subscriptions', 'next_retry_at'],
  ]) {
    await sql(
      server.database.url,
      `UPDATE ${String(table)} SET ${String(column)} = now() WHERE subscription_id = $1 AND ${String(column)} IS NOT NULL`,
      [subscriptionId],
      tenantId,
    );
  }
};
/** How many first attempts the delay histogram has counted. */
const delayCount = async ({ api }: TenantUser): Promise<number> => {
  const { body: figures } = await api.get<string>('/metrics');
  return Number(/^causeflow_webhook_delay_seconds_count (\d+)$/m.exec(figures)?.[1]);
};
const isAttempted = ({ attempts }: Delivery): boolean => attempts > 0;
const delayOf = ({ nextAttemptAt, lastAttemptAt }: Delivery): number =>
  (Date.parse(nextAttemptAt ?? '') - Date.parse(lastAttemptAt ?? '')) / 1000;

describe('an event', () => {
  it('is sent with the same envelope as in a poll, signed, and recorded as delivered', async () => {
    const events = ['incident.created', 'user.*'];
    const { tenant, subscription } = await newSubscriber(server.url, receiver, { events });
    const before = (await publishedIds(server.database, tenant.tenantId)).at(-1) ?? '';
    await tenant.api.post('/v1/incidents', { title: 'Slow «checkout» 🔥', description: 'p99' });
    const person = { email: `${randomUUID()}@example.com`, name: 'Grace', role: 'member' };
    const { body: user } = await tenant.api.post('/v1/users', person);
    await tenant.api.patch(`/v1/users/${String(user['userId'])}`, { name: 'Grace Hopper' });
    await arrived(3);
    const { body: polled } = await tenant.api.get<{ items: { id: string; event: string }[] }>(
      `/v1/notifications/events?events=${events.join()}&after=${before}`,
    );
    expect(receiver.hooks.map(({ id, body }) => ({ id, ...body }))).toEqual(polled.items);
    for (const hook of receiver.hooks) {
      expect(isSignedBy(hook, subscription.secret)).toBe(true);
      expect(isSignedBy({ ...hook, raw: `${hook.raw} ` }, subscription.secret)).toBe(false);
      expect(hook.headers).toMatchObject({
        'content-type': 'application/json',
        'user-agent': 'CauseFlow',
        'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
      });
      expect(Object.keys(hook.body)).toEqual(['event', 'timestamp', 'tenantId', 'data']);
    }
    const all = await until('all are recorded', async () => {
      const found = await deliveriesOf(tenant, subscription);
      return found.length === 3 && found;
    });
    expect(all.map(({ eventId }) => eventId)).toEqual(polled.items.map(({ id }) => id).reverse());
    expect(all[0]).toEqual({
      deliveryId: expect.stringMatching(/^dlv_/),
      eventId: polled.items[2]?.id,
      event: polled.items[2]?.event,
      status: 'succeeded',
      attempts: 1,
      lastStatusCode: 204,
      lastError: null,
      nextAttemptAt: null,
      lastAttemptAt: expect.stringMatching(/Z$/),
      createdAt: expect.stringMatching(/Z$/),
    });
  });

  it('is sent when its pattern matches, to its own tenant, from the subscription on', async () => {
    const [one, other] = [
      await newSubscriber(server.url, receiver, { events: ['remediation.*', 'user.created'] }),
      await newSubscriber(server.url, receiver),
    ];
    const incidentId = newIncidentId();
    await append(server.database, one.tenant.tenantId, [
      ...Array.from({ length: 300 }, () => ({})),
      { type: 'remediation.rejected', incidentId },
      ...Array.from({ length: 300 }, () => ({})),
      { type: 'remediation.proposed', incidentId },
      { type: 'incident.severity_changed' },
    ]);
    await append(server.database, other.tenant.tenantId, [{}, { type: 'incident.severity_changed' }, {}]);
    await arrived(4);
    const sentTo = ({ tenant }: typeof one) =>
      receiver.hooks.filter(({ body }) => body.tenantId === tenant.tenantId).map(({ body }) => body.event);
    expect(sentTo(one)).toEqual(['remediation.rejected', 'remediation.proposed']);
    expect(sentTo(other)).toEqual(['incident.created', 'incident.created']);
    for (const [mine, theirs] of [
      [one, other],
      [other, one],
    ] as const) {
      await until(
        'both are recorded',
        async () => (await deliveriesOf(mine.tenant, mine.subscription)).length === 2,
      );
      const own = receiver.hooks.filter(({ body }) => body.tenantId === mine.tenant.tenantId);
      expect(own.every((hook) => isSignedBy(hook, mine.subscription.secret))).toBe(true);
      expect(own.some((hook) => isSignedBy(hook, theirs.subscription.secret))).toBe(false);
    }
  });

  it('is first attempted in the order of the log, whatever the outcome', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    const before = await publishedIds(server.database, tenant.tenantId);
    const delays = await delayCount(tenant);
    receiver.reply = ({ id }) => (/[02468]$/.test(id) ? 500 : 204);
    await Promise.all(
      Array.from({ length: 20 }, () => append(server.database, tenant.tenantId, [{}, {}, {}, {}, {}])),
    );
    await until('all arrived', () => receiver.firsts().length === 100);
    const ids = await publishedIds(server.database, tenant.tenantId);
    expect(receiver.firsts()).toEqual(ids.slice(before.length));
    await until('all are recorded', async () => (await deliveriesOf(tenant, subscription)).length === 100);
    expect(await delayCount(tenant)).toBeGreaterThanOrEqual(delays + 100);
  });

  it('is sent once by two replicas', async () => {
    const replica = await TestServer.start({ database: server.database });
    try {
      const { tenant, subscription } = await newSubscriber(replica.url, receiver);
      for (let turn = 0; turn < 20; turn += 1)
        await append(server.database, tenant.tenantId, [{}, {}, {}, {}, {}]);
      await until('all are recorded', async () => (await deliveriesOf(tenant, subscription)).length === 100);
      expect(receiver.hooks).toHaveLength(100);
      expect(receiver.hooks.map(({ id }) => id)).toEqual(
        (await publishedIds(server.database, tenant.tenantId)).slice(-100),
      );
    } finally {
      await replica.stop();
    }
  });
});

describe('an attempt that fails', () => {
  it('is retried after five seconds, with the same id and a new signature', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    let isFailureSeen = false as boolean;
    receiver.reply = async () => {
      if (receiver.hooks.length === 1) return 500;
      await until('the failure was seen', () => isFailureSeen);
      return 200;
    };
    await append(server.database, tenant.tenantId, [{}]);
    const failed = await delivered(tenant, subscription, isAttempted);
    expect(failed).toMatchObject({
      status: 'pending',
      lastStatusCode: 500,
      lastError: 'The address answered 500.',
    });
    expect(delayOf(failed)).toBeGreaterThanOrEqual(5);
    expect(delayOf(failed)).toBeLessThanOrEqual(5.5);
    expect((await tenant.api.get(`${PATH}/${subscription.subscriptionId}`)).body).toMatchObject({
      failingSince: failed.lastAttemptAt,
    });
    isFailureSeen = true;
    const done = await delivered(tenant, subscription, ({ status }) => status === 'succeeded');
    expect(done).toMatchObject({ deliveryId: failed.deliveryId, attempts: 2, lastError: null });
    const [first, second] = receiver.hooks;
    expect(second?.id).toBe(first?.id);
    expect(second?.raw).toBe(first?.raw);
    expect(Number(second?.headers['webhook-timestamp'])).toBeGreaterThan(
      Number(first?.headers['webhook-timestamp']),
    );
    expect(receiver.hooks.every((hook) => isSignedBy(hook, subscription.secret))).toBe(true);
    expect((await tenant.api.get(`${PATH}/${subscription.subscriptionId}`)).body).toMatchObject({
      failingSince: null,
    });
  });

  it.each([429, 503])('with %i is not retried before its Retry-After', async (status) => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    receiver.reply = () => ({ status, headers: { 'retry-after': '120' } });
    await append(server.database, tenant.tenantId, [{}]);
    const failed = await delivered(tenant, subscription, isAttempted);
    expect(failed).toMatchObject({ status: 'pending', lastStatusCode: status });
    expect(delayOf(failed)).toBeGreaterThanOrEqual(120);
    expect(delayOf(failed)).toBeLessThanOrEqual(121);
  });

  it('with a redirect is not followed', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    receiver.reply = () => ({ status: 302, headers: { location: receiver.url('/elsewhere') } });
    await append(server.database, tenant.tenantId, [{}]);
    const failed = await delivered(tenant, subscription, isAttempted);
    expect(failed).toMatchObject({
      status: 'pending',
      lastStatusCode: 302,
      lastError: 'The address answered 302; redirects are not followed.',
    });
    expect(receiver.at('/elsewhere')).toEqual([]);
  });

  it('is not retried after ten attempts', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    receiver.reply = () => 500;
    await append(server.database, tenant.tenantId, [{}]);
    for (let attempts = 1; attempts < 10; attempts += 1) {
      const failed = await delivered(tenant, subscription, (each) => each.attempts >= attempts);
      expect(failed.status).toBe('pending');
      await makeDue(tenant.tenantId, subscription);
    }
    const failed = await delivered(tenant, subscription, ({ status }) => status === 'failed');
    expect(failed).toMatchObject({ attempts: 10, nextAttemptAt: null });
    expect(receiver.firsts()).toHaveLength(1);
  });

  it('with 410 disables the subscription, until it is enabled again', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    const path = `${PATH}/${subscription.subscriptionId}`;
    receiver.reply = () => 410;
    await append(server.database, tenant.tenantId, [{}, {}, {}]);
    const disabled = await until('it is disabled', async () => {
      const { body } = await tenant.api.get(path);
      return body['enabled'] === false && body;
    });
    expect(disabled).toMatchObject({ disabledReason: 'gone' });
    expect(disabled['updatedAt']).not.toBe(disabled['createdAt']);
    const deliveries = await deliveriesOf(tenant, subscription);
    expect(deliveries).toHaveLength(1);
    expect(deliveries[0]).toMatchObject({ status: 'failed', attempts: 1, lastStatusCode: 410 });
    expect(receiver.hooks).toHaveLength(1);
    const [delivery] = deliveries;
    const again = `${path}/deliveries/${delivery?.deliveryId ?? ''}/redeliver`;
    expect(await tenant.api.post(again)).toMatchObject({ status: 409, body: { error: 'conflict' } });

    receiver.reply = () => 204;
    expect((await tenant.api.patch(path, { enabled: true })).body).toMatchObject({
      enabled: true,
      disabledReason: null,
      failingSince: null,
    });
    await append(server.database, tenant.tenantId, [{ type: 'remediation.proposed' }]);
    await arrived(2);
    expect(receiver.hooks.map(({ body }) => body.event)).toEqual([
      'incident.created',
      'remediation.proposed',
    ]);
  });

  it('after five days without a success disables the subscription', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    receiver.reply = () => 500;
    await append(server.database, tenant.tenantId, [{}]);
    await delivered(tenant, subscription, isAttempted);
    await sql(
      server.database.url,
      `UPDATE webhook_subscriptions SET failing_since = now() - interval '5 days' WHERE subscription_id = $1`,
      [subscription.subscriptionId],
      tenant.tenantId,
    );
    await makeDue(tenant.tenantId, subscription);
    const disabled = await until('it is disabled', async () => {
      const { body } = await tenant.api.get(`${PATH}/${subscription.subscriptionId}`);
      return body['enabled'] === false && body;
    });
    expect(disabled).toMatchObject({ disabledReason: 'failing' });
    await until('it is logged', () =>
      server.log.includes(`${subscription.subscriptionId} of ${tenant.tenantId} is disabled: failing`),
    );
    const { body: figures } = await tenant.api.get<string>('/metrics');
    expect(figures).toMatch(/^causeflow_webhook_attempts_total\{outcome="failed"\} [1-9]/m);
  });

  it('reports why no request was made', async () => {
    const own = await TestServer.start({ env: { OUTBOUND_ALLOW_CIDRS: '' } });
    try {
      const tenant = await newTenant(own.url);
      for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '10.0.0.1']) {
        const subscription = await subscribe(tenant, `http://${host}:${receiver.port}/hooks`);
        await append(own.database, tenant.tenantId, [{}]);
        const failed = await delivered(tenant, subscription, isAttempted);
        expect(failed).toMatchObject({ status: 'pending', lastStatusCode: null });
        expect(failed.lastError).toMatch(
          /leads to an? \w+ address, which OUTBOUND_ALLOW_CIDRS does not allow/,
        );
        const tested = await tenant.api.post(`${PATH}/${subscription.subscriptionId}/test`);
        expect(tested.body).toMatchObject({ succeeded: false, statusCode: null, error: failed.lastError });
      }
      expect(receiver.hooks).toEqual([]);
    } finally {
      await own.stop();
    }
  });
});

describe('receivers that hang', () => {
  it('delay no other subscription, no other tenant, and no investigation', async () => {
    receiver.reply = ({ path }) => (path === '/hangs' ? 'hang' : 204);
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    const hanging = await Promise.all(
      Array.from({ length: 12 }, () => subscribe(tenant, receiver.url('/hangs'))),
    );
    const other = await newSubscriber(server.url, receiver, { url: receiver.url('/other') });
    // One after the other, each hangs until it times out.
    await append(server.database, tenant.tenantId, [{}, {}, {}, {}]);
    await until('they hang', () => receiver.hanging === hanging.length);

    const sender = await AlertSender.of(tenant);
    const alert = { title: 'Checkout is down', description: '5xx', severity: 'high', service: 'checkout' };
    const { body } = await sender.send(alert);
    const forty = Array.from({ length: 40 }, () => ({}));
    await append(server.database, other.tenant.tenantId, forty);
    const isCompleted = ({ body: { event, data } }: Hook): boolean =>
      event === 'investigation.completed' && data['incidentId'] === body['incidentId'];
    await until(
      'everything else is delivered while they hang',
      () =>
        receiver.hanging > 0 &&
        receiver.at('/other').length === forty.length &&
        receiver.at().some(isCompleted),
    );
    await delivered(tenant, subscription, ({ status }) => status === 'succeeded');
    expect(server.log).not.toContain('Warning');

    const [first] = hanging;
    if (!first) throw new Error('they hang');
    const failed = await delivered(tenant, first, isAttempted);
    expect(failed.lastError).toBe('The call failed: timed out after 15 s.');
  });
});

describe('a rotated secret', () => {
  it('signs next to the new one until its overlap ends', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    const path = `${PATH}/${subscription.subscriptionId}`;
    const rotated = await tenant.api.post<{ secret: string; previousSecretExpiresAt: string }>(
      `${path}/rotate-secret`,
      {},
    );
    expect(rotated).toMatchObject({
      status: 200,
      body: {
        subscriptionId: subscription.subscriptionId,
        secret: expect.stringMatching(/^whsec_/),
        previousSecretExpiresAt: expect.stringMatching(/Z$/),
      },
    });
    await append(server.database, tenant.tenantId, [{}]);
    await arrived(1);
    const [both] = receiver.hooks;
    if (!both) throw new Error('nothing arrived');
    expect(String(both.headers['webhook-signature'])).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
    expect(isSignedBy(both, subscription.secret)).toBe(true);
    expect(isSignedBy(both, rotated.body.secret)).toBe(true);

    const own = `whsec_${randomBytes(32).toString('base64')}`;
    const atOnce = await tenant.api.post(`${path}/rotate-secret`, { overlapMinutes: 0, secret: own });
    expect(atOnce.body).toMatchObject({ secret: own });
    await append(server.database, tenant.tenantId, [{}]);
    await arrived(2);
    const [, alone] = receiver.hooks;
    if (!alone) throw new Error('nothing arrived');
    expect(String(alone.headers['webhook-signature'])).toMatch(/^v1,[\w+/]{43}=$/);
    expect(isSignedBy(alone, own)).toBe(true);
    expect(isSignedBy(alone, rotated.body.secret)).toBe(false);
  });
});

describe('a test event', () => {
  it('is sent at once, and the response is shown', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    const path = `${PATH}/${subscription.subscriptionId}`;
    receiver.reply = () => ({ status: 200, body: 'thanks \0' });
    const good = await tenant.api.post<{ eventId: string }>(`${path}/test`);
    expect(good).toMatchObject({
      status: 200,
      body: {
        succeeded: true,
        statusCode: 200,
        error: null,
        answer: 'thanks \uFFFD',
        durationMs: expect.any(Number),
      },
    });
    const [hook] = receiver.hooks;
    if (!hook) throw new Error('nothing arrived');
    expect(hook.id).toBe(good.body.eventId);
    expect(isSignedBy(hook, subscription.secret)).toBe(true);
    expect(hook.body).toEqual({
      event: 'webhook_subscription.test',
      timestamp: expect.stringMatching(/Z$/),
      tenantId: tenant.tenantId,
      data: { subscriptionId: subscription.subscriptionId },
    });
    receiver.reply = () => 503;
    await tenant.api.patch(path, { enabled: false });
    expect((await tenant.api.post(`${path}/test`)).body).toMatchObject({ succeeded: false, statusCode: 503 });
    expect(await deliveriesOf(tenant, subscription)).toEqual([]);
    expect((await tenant.api.get(path)).body).toMatchObject({ failingSince: null });
  });
});

describe('a delivery', () => {
  it('can be redelivered under the same id', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    await append(server.database, tenant.tenantId, [{}]);
    const { deliveryId, eventId } = await delivered(
      tenant,
      subscription,
      ({ status }) => status === 'succeeded',
    );
    const path = `${PATH}/${subscription.subscriptionId}/deliveries/${deliveryId}/redeliver`;
    const accepted = await tenant.api.post(path);
    expect(accepted).toMatchObject({ status: 202, body: { deliveryId, status: 'pending', attempts: 1 } });
    expect(await delivered(tenant, subscription, ({ attempts }) => attempts === 2)).toMatchObject({
      deliveryId,
      status: 'succeeded',
    });
    expect(receiver.hooks.map(({ id }) => id)).toEqual([eventId, eventId]);
    const missing = path.replace(deliveryId, `dlv_${'0'.repeat(26)}`);
    expect((await tenant.api.post(missing)).status).toBe(404);
    const sibling = await subscribe(tenant, receiver.url());
    expect(
      (await tenant.api.post(path.replace(subscription.subscriptionId, sibling.subscriptionId))).status,
    ).toBe(404);
  });

  it('is purged after a week', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    await append(server.database, tenant.tenantId, [{}, {}]);
    await until('both are recorded', async () => (await deliveriesOf(tenant, subscription)).length === 2);
    const [newest] = await deliveriesOf(tenant, subscription);
    await sql(
      server.database.url,
      `UPDATE webhook_deliveries SET created_at = created_at - interval '8 days' WHERE subscription_id = $1 AND delivery_id <> $2`,
      [subscription.subscriptionId, newest?.deliveryId],
      tenant.tenantId,
    );
    await sql(server.database.url, `SELECT graphile_worker.add_job('purge-expired')`);
    await until('the old one is gone', async () => (await deliveriesOf(tenant, subscription)).length === 1);
    expect(await deliveriesOf(tenant, subscription)).toEqual([newest]);
  });

  it('is not attempted after its subscription was deleted', async () => {
    const { tenant, subscription } = await newSubscriber(server.url, receiver);
    const witness = await subscribe(tenant, receiver.url('/witness'));
    await tenant.api.delete(`${PATH}/${subscription.subscriptionId}`);
    await append(server.database, tenant.tenantId, [{}]);
    await delivered(tenant, witness, ({ status }) => status === 'succeeded');
    expect(receiver.at()).toEqual([]);
  });
});

it('a tenant without subscriptions causes no webhook query, however many events it has', async () => {
  const main = fileURLToPath(new URL('../scale/query-logging-server.mjs', import.meta.url));
  const own = await TestServer.start({ main });
  try {
    const [quiet, subscriber] = [await newTenant(own.url), await newSubscriber(own.url, receiver)];
    const sender = await AlertSender.of(quiet);
    const mark = own.log.length;
    for (let turn = 0; turn < 20; turn += 1)
      await sender.send({ title: 'Report written', description: 'As every night.', severity: 'low' });
    await append(own.database, subscriber.tenant.tenantId, [{}]);
    await arrived(1);
    const queries = await until('it is logged', () => {
      const sent = queriesSince(own, mark).filter(({ sql: text }) => text.includes('webhooks_due'));
      return sent.length > 0 && sent;
    });
    expect(queries.filter(({ parameters }) => JSON.stringify(parameters).includes(quiet.tenantId))).toEqual(
      [],
    );
  } finally {
    await own.stop();
  }
});
