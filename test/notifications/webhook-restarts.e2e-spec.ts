import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Api, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { type Options, SECRETS, TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { HookReceiver, isSignedBy } from './hook-receiver.js';
import { append, publishedIds } from './log-writer.js';
import { delivered, deliveriesOf, newSubscriber, PATH, type Subscription } from './subscriber.js';

let database: TestDatabase;
let receiver: HookReceiver;
let running: TestServer[];
beforeEach(async () => {
  database = await cloneDatabase();
  receiver = await HookReceiver.start();
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  await receiver.stop();
  await removeDatabase(database);
});

const start = async (env: Options['env'] = {}): Promise<TestServer> => {
  const server = await TestServer.start({ database, env });
  running.push(server);
  return server;
};
const at = ({ url }: TestServer, { api }: TenantUser) => ({ api: new Api(url, api.token ?? '') });
const sealedWith = async (
  tenant: TenantUser,
  { subscriptionId }: Subscription,
): Promise<string | undefined> => {
  const [row] = await sql<{ sealed_secret: string }>(
    database.url,
    'SELECT sealed_secret FROM webhook_subscriptions WHERE subscription_id = $1',
    [subscriptionId],
    tenant.tenantId,
  );
  return row?.sealed_secret.split('.')[1];
};

describe('a server that is killed in the middle of a burst', () => {
  it('loses no event, sends the batch in flight again under the same ids, and records each event once', async () => {
    const first = await start();
    const { tenant, subscription } = await newSubscriber(first.url, receiver);
    const before = await publishedIds(database, tenant.tenantId);
    receiver.reply = () => (receiver.firsts().length > 45 ? 'hang' : 204);
    for (let turn = 0; turn < 6; turn += 1)
      await append(
        database,
        tenant.tenantId,
        Array.from({ length: 50 }, () => ({})),
      );
    await until('a delivery is under way', () => receiver.hanging === 1);
    await first.kill();

    receiver.reply = () => 204;
    const second = await start();
    await until('all arrived', () => receiver.firsts().length === 300);
    const ids = (await publishedIds(database, tenant.tenantId)).slice(before.length);
    expect(receiver.firsts()).toEqual(ids);
    const recorded = await until('all are recorded', async () => {
      const all = await deliveriesOf(at(second, tenant), subscription);
      return all.length >= 300 && all;
    });
    expect(recorded.map(({ eventId }) => eventId)).toEqual(ids.toReversed());
    // One batch is repeated, and no more.
    expect(receiver.hooks.length).toBeGreaterThan(300);
    expect(receiver.hooks.length).toBeLessThanOrEqual(332);
    for (const hook of receiver.hooks) expect(isSignedBy(hook, subscription.secret)).toBe(true);
  });
});

describe('a server that shuts down', () => {
  it('does not wait for a receiver that hangs, and the next server sends the event at once', async () => {
    const first = await start();
    receiver.reply = () => 'hang';
    const { tenant, subscription } = await newSubscriber(first.url, receiver);
    await append(database, tenant.tenantId, [{}]);
    await until('it hangs', () => receiver.hanging === 1);
    expect(await first.stop()).toBe(0);
    await until('its connection is closed', () => receiver.hanging === 0);
    // The next server need not wait for the lease of this one to expire.
    const leases = await sql(
      database.url,
      'SELECT courier_until FROM webhook_subscriptions',
      [],
      tenant.tenantId,
    );
    expect(leases).toEqual([{ courier_until: null }]);

    receiver.reply = () => 204;
    const second = await start();
    expect(
      await delivered(at(second, tenant), subscription, ({ status }) => status === 'succeeded'),
    ).toMatchObject({ attempts: 1 });
    expect(receiver.firsts()).toHaveLength(1);
    expect(receiver.hooks).toHaveLength(2);
  });

  it('delivers only where jobs run', async () => {
    const api = await start({ ROLE: 'api' });
    const { tenant, subscription } = await newSubscriber(api.url, receiver);
    await append(database, tenant.tenantId, [{}]);
    expect((await tenant.api.post(`${PATH}/${subscription.subscriptionId}/test`)).body).toMatchObject({
      succeeded: true,
    });
    expect(receiver.hooks.map(({ body }) => body.event)).toEqual(['webhook_subscription.test']);
    await start({ ROLE: 'worker' });
    await delivered(tenant, subscription, ({ status }) => status === 'succeeded');
  });
});

describe('a rotated ENCRYPTION_KEY', () => {
  it('still decrypts secrets with the former key, and encrypts rotated secrets with the new one', async () => {
    const first = await start();
    const { tenant, subscription } = await newSubscriber(first.url, receiver);
    const sealed = await sealedWith(tenant, subscription);
    await first.stop();
    const second = await start({
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ENCRYPTION_KEYS_OLD: SECRETS.ENCRYPTION_KEY,
    });
    const { api } = at(second, tenant);
    await append(database, tenant.tenantId, [{}]);
    await until('it arrived', () => receiver.hooks.length === 1);
    expect(receiver.hooks.every((hook) => isSignedBy(hook, subscription.secret))).toBe(true);
    expect(await sealedWith(tenant, subscription)).toBe(sealed);
    await api.post(`${PATH}/${subscription.subscriptionId}/rotate-secret`, {});
    expect(await sealedWith(tenant, subscription)).not.toBe(sealed);
  });
});
