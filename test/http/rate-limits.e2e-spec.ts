import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, type Answer, Api, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';

const LIMITS = {
  RATE_LIMIT_STARTER_PER_MINUTE: '10',
  RATE_LIMIT_PRO_PER_MINUTE: '40',
  RATE_LIMIT_BUSINESS_PER_MINUTE: '0',
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: '20',
  TRUST_PROXY: '1',
};

let server: TestServer;
let replica: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: LIMITS });
  replica = await TestServer.start({ env: LIMITS, database: server.database });
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});

/** Windows are whole minutes: calls that span two of them get two allowances, and are made again. */
async function inOneMinute<T>(call: () => Promise<T>): Promise<T> {
  const minute = (): number => Math.floor(Date.now() / 60_000);
  for (;;) {
    const begun = minute();
    const answers = await call();
    if (minute() === begun) return answers;
  }
}

/** A client with its own address, so that tests do not share one. */
let addresses = 0;
function newAddress(): string {
  addresses += 1;
  return `198.18.${addresses >> 8}.${addresses & 255}`;
}
const from = (address = newAddress()): Record<string, string> => ({ 'x-forwarded-for': address });

async function onPlan(plan: string): Promise<TenantUser> {
  const { status, body } = await new Api(server.url).post<{
    accessToken: string;
    tenant: { tenantId: string };
  }>(
    '/v1/auth/register',
    {
      email: `p${++addresses}-${Date.now()}@example.com`,
      password: 'x'.repeat(12),
      tenantName: 'Acme',
      plan,
    },
    { headers: from() },
  );
  expect(status).toBe(201);
  const api = new Api(server.url, body.accessToken);
  return { api, tenantId: body.tenant.tenantId, userId: '', email: '', password: '' };
}

const tally = (answers: readonly Answer<unknown>[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

describe('the management API', () => {
  it('allows the calls per minute of the plan, and returns how many are left', async () => {
    const { first, at, answers } = await inOneMinute(async () => {
      const { api, tenantId } = await onPlan('starter');
      const call = () => api.get(`/v1/tenants/${tenantId}`);
      return {
        first: await call(),
        at: Date.now(),
        answers: await Promise.all(Array.from({ length: 20 }, call)),
      };
    });
    expect(first.headers.get('x-ratelimit-limit')).toBe('10');
    expect(first.headers.get('x-ratelimit-remaining')).toBe('9');
    const reset = Number(first.headers.get('x-ratelimit-reset'));
    expect(reset * 1000 - at).toBeGreaterThan(0);
    expect(reset * 1000 - at).toBeLessThanOrEqual(60_000);
    expect([tally(answers, 200), tally(answers, 429)]).toEqual([9, 11]);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toEqual({
      error: 'rate_limit_exceeded',
      message: expect.any(String),
      requestId: expect.any(String),
    });
    expect(refused?.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('counts all replicas together, and each tenant separately', async () => {
    const { answers, other } = await inOneMinute(async () => {
      const [one, two] = [await onPlan('pro'), await onPlan('pro')];
      const calls = Array.from({ length: 100 }, (_, at) =>
        new Api(at % 2 ? server.url : replica.url, one.api.token).get(`/v1/tenants/${one.tenantId}`),
      );
      return { answers: await Promise.all(calls), other: await two.api.get(`/v1/tenants/${two.tenantId}`) };
    });
    expect(Math.abs(tally(answers, 200) - 40)).toBeLessThanOrEqual(4);
    expect(other.status).toBe(200);
  });

  it('supports plans without a limit, and a change of plan', async () => {
    const { api, tenantId } = await onPlan('business');
    const answers = await Promise.all(Array.from({ length: 60 }, () => api.get(`/v1/tenants/${tenantId}`)));
    expect(tally(answers, 200)).toBe(60);
    expect(answers[0]?.headers.get('x-ratelimit-limit')).toBeNull();
    expect((await api.patch(`/v1/tenants/${tenantId}`, { plan: 'starter' })).status).toBe(200);
    expect((await api.get(`/v1/tenants/${tenantId}`)).headers.get('x-ratelimit-limit')).toBe('10');
  });

  it('does not count alerts, which have their own bucket', async () => {
    const tenant = await onPlan('starter');
    const sender = await AlertSender.of(tenant);
    const alerts = await Promise.all(
      Array.from({ length: 20 }, (_, at) => sender.send({ title: `Alert ${at}`, description: 'x' }, from())),
    );
    expect(tally(alerts, 202)).toBe(20);
    expect(alerts[0]?.headers.get('x-ratelimit-limit')).toBe('60000');
    expect((await tenant.api.get(`/v1/tenants/${tenant.tenantId}`)).status).toBe(200);
  });
});

describe('an anonymous client', () => {
  const knock = (headers: Record<string, string>, url = server.url): Promise<Answer> =>
    new Api(url).post('/v1/auth/refresh', { refreshToken: 'none' }, { headers });

  it('is limited by its address, without affecting other addresses', async () => {
    const { answers, other } = await inOneMinute(async () => {
      const here = from();
      const calls = Array.from({ length: 30 }, () => knock(here));
      return { answers: await Promise.all(calls), other: await knock(from()) };
    });
    expect([tally(answers, 401), tally(answers, 429)]).toEqual([20, 10]);
    expect(answers[0]?.headers.get('x-ratelimit-limit')).toBe('20');
    expect(other.status).toBe(401);
  });

  it('is counted by /64 when its address is IPv6', async () => {
    const answers = await inOneMinute(() => {
      const network = `2001:db8:0:${(++addresses).toString(16)}`;
      return Promise.all(Array.from({ length: 30 }, (_, at) => knock(from(`${network}::${at + 1}`))));
    });
    expect([tally(answers, 401), tally(answers, 429)]).toEqual([20, 10]);
    expect((await knock(from('2001:db8:1::1'))).status).toBe(401);
  });

  it('is limited in the same way when it guesses tokens and keys, without affecting authenticated callers', async () => {
    const { api, tenantId } = await onPlan('business');
    const guess = (at: number, headers: Record<string, string>): Promise<Answer> =>
      new Api(server.url, at % 2 ? 'guess' : `cflo_${String(at).padStart(64, '0')}`).get('/v1/auth/me', {
        headers,
      });
    const { guesses, honest } = await inOneMinute(async () => {
      const here = from();
      const calls = Array.from({ length: 30 }, (_, at) => guess(at, here));
      return {
        guesses: await Promise.all(calls),
        honest: await api.get(`/v1/tenants/${tenantId}`, { headers: here }),
      };
    });
    expect([tally(guesses, 401), tally(guesses, 429)]).toEqual([20, 10]);
    expect(honest.status).toBe(200);
  });

  it('is limited in the same way when it forges signatures, and then every alert from its address is refused', async () => {
    const sender = await AlertSender.of(await onPlan('business'));
    const alert = { title: 'Disk full', description: 'x' };
    const { answers, honest } = await inOneMinute(async () => {
      const here = from();
      const forged = { ...here, 'x-webhook-signature': '0'.repeat(64) };
      const calls = Array.from({ length: 30 }, () => sender.send(alert, forged));
      return { answers: await Promise.all(calls), honest: await sender.send(alert, here) };
    });
    expect([tally(answers, 401), tally(answers, 429)]).toEqual([20, 10]);
    expect([honest.status, honest.body['error']]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(honest.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await sender.send(alert, from())).status).toBe(202);
  });

  it('cannot choose its address in a header', async () => {
    const answers = await inOneMinute(async () => {
      const untrusting = await TestServer.start({ env: { ...LIMITS, TRUST_PROXY: undefined } });
      const calls = Array.from({ length: 30 }, () => knock(from(), untrusting.url));
      return Promise.all(calls).finally(() => untrusting.stop());
    });
    expect([tally(answers, 401), tally(answers, 429)]).toEqual([20, 10]);
  });

  it('may read health and documents without a limit', async () => {
    const [here, anyone] = [from(), new Api(server.url)];
    for (const path of ['/health/live', '/health/ready', '/docs', '/openapi.json', '/asyncapi.json']) {
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => anyone.get(path, { headers: here })),
      );
      expect([path, tally(answers, 429)]).toEqual([path, 0]);
      expect(answers[0]?.headers.get('x-ratelimit-limit')).toBeNull();
    }
  });
});
