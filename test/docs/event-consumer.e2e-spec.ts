import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { append, newIncidentId } from '../notifications/log-writer.js';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { Api, newTenant } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Consumer {
  readonly listen: (options: {
    url: string;
    getToken: (refused: boolean) => string | undefined | Promise<string | undefined>;
    onReset: () => void;
    onEvent: (event: { id: string; data: { incidentId: string } }) => void;
    signal: AbortSignal;
    lastEventId?: string;
  }) => Promise<unknown>;
}

interface Tab {
  readonly sharedToken: (url: string) => (refused: boolean) => Promise<string | undefined>;
}

const page = readFileSync(new URL('../../docs/listening.md', import.meta.url), 'utf8');
/** The code blocks of docs/listening.md, as modules. */
const [consumer = '', tab = ''] = Array.from(
  page.matchAll(/^```js\n([\s\S]+?)^```/gm),
  ([, code = '']) => `data:text/javascript,${encodeURIComponent(code)}`,
);

const SECRET = randomBytes(32).toString('base64url');
let server: TestServer;
let proxy: CuttableProxy;
beforeAll(async () => {
  server = await TestServer.start({ env: { JWT_SECRET: SECRET } });
  proxy = await CuttableProxy.to(Number(new URL(server.url).port));
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

it('the consumer of docs/listening.md delivers each event once and in order, despite disconnects and an expired token', async () => {
  const tenant = await newTenant(server.url);
  const { exp: _, iat: __, ...claims } = jwt.decode(tenant.api.token ?? '') as jwt.JwtPayload;
  const shortLived = jwt.sign(claims, SECRET, { expiresIn: 3 });
  const seen = { resets: 0, refused: 0, events: [] as string[] };
  const ids: string[] = [];
  const stop = new AbortController();
  const { listen } = (await import(consumer)) as Consumer;
  const finished = listen({
    url: `http://127.0.0.1:${proxy.port}`,
    getToken: (refused) => {
      if (refused) seen.refused += 1;
      return seen.refused > 0 ? (tenant.api.token ?? '') : shortLived;
    },
    onReset: () => (seen.resets += 1),
    onEvent: ({ id, data }) => {
      ids.push(id);
      seen.events.push(data.incidentId);
    },
    signal: stop.signal,
  });
  await until('it is connected', () => seen.resets === 1);

  const written: string[] = [];
  const write = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      const incidentId = newIncidentId();
      written.push(incidentId);
      await append(server.database, tenant.tenantId, [{ incidentId }]);
    }
  };
  const allReceived = (): Promise<boolean> =>
    until('all events are received', () => seen.events.length >= written.length);
  await write(1);
  await allReceived();
  for (let cuts = 0; cuts < 4; cuts += 1) {
    await write(randomInt(10));
    proxy.cut();
    await write(randomInt(10));
    proxy.heal();
    await write(1);
    await allReceived();
  }
  await until('its token has expired', () => seen.refused > 0);
  await write(5);
  await allReceived();
  expect(seen).toEqual({ resets: 1, refused: 1, events: written });

  stop.abort();
  expect(await finished).toBeUndefined();

  // A program that was restarted goes on where its last run stopped.
  const later = { resets: 0, ids: [] as string[] };
  const stopLater = new AbortController();
  const laterRun = listen({
    url: server.url,
    getToken: () => tenant.api.token ?? '',
    onReset: () => (later.resets += 1),
    onEvent: ({ id }) => later.ids.push(id),
    signal: stopLater.signal,
    lastEventId: ids.at(-3) ?? '',
  });
  await until('the rest is received', () => later.ids.length >= 2);
  expect(later).toEqual({ resets: 0, ids: ids.slice(-2) });
  stopLater.abort();
  await laterRun;
});

it('the tabs of docs/listening.md refresh their token once, at the same time', async () => {
  const { api, email, password } = await newTenant(server.url);
  const { body: session } = await new Api(server.url).post('/v1/auth/login', { email, password });
  const stored = [JSON.stringify(session)];
  let queue: Promise<unknown> = Promise.resolve();
  // What tabs share in a browser.
  Object.assign(globalThis, {
    localStorage: {
      getItem: () => stored.at(-1),
      setItem: (_: string, value: string) => stored.push(value),
    },
  });
  Object.defineProperty(globalThis, 'navigator', {
    configurable: true,
    value: {
      locks: {
        request: (_: string, work: () => unknown) => (queue = queue.catch(() => undefined).then(work)),
      },
    },
  });
  const { sharedToken } = (await import(tab)) as Tab;
  const tabs = Array.from({ length: 5 }, () => sharedToken(server.url));
  const tokens = (refused: boolean) => Promise.all(tabs.map((getToken) => getToken(refused)));

  expect(new Set(await tokens(false))).toEqual(new Set([session['accessToken']]));
  for (let round = 1; round <= 3; round += 1) {
    const [renewed, ...others] = await tokens(true);
    expect(new Set(others)).toEqual(new Set([renewed]));
    expect((await new Api(server.url, renewed).get('/v1/auth/me')).status).toBe(200);
    expect(stored).toHaveLength(1 + round);
  }

  // A refresh without an answer must not keep the lock.
  const { sharedToken: impatient } = (await import(tab.replace('10_000', '100'))) as Tab;
  const unlucky = impatient(`http://127.0.0.1:${proxy.port}`);
  await unlucky(false);
  proxy.cut();
  try {
    await expect(unlucky(true)).rejects.toThrow(/time/i);
  } finally {
    proxy.heal();
  }
  const { accessToken } = JSON.parse(stored.at(-1) ?? '') as { accessToken: string };
  expect(new Set(await tokens(false))).toEqual(new Set([accessToken]));

  // A session that is over ends all tabs: none of them asks on and on.
  const { listen } = (await import(consumer)) as Consumer;
  const change = { currentPassword: password, newPassword: randomBytes(12).toString('hex') };
  expect((await api.post('/v1/auth/password', change)).status).toBe(200);
  const before = stored.length;
  const stop = new AbortController();
  let stopped = 0;
  for (const getToken of tabs) {
    const options = { url: server.url, getToken, onReset: () => undefined, onEvent: () => undefined };
    void listen({ ...options, signal: stop.signal }).then(() => (stopped += 1));
  }
  try {
    await until('all tabs have stopped', () => stopped === tabs.length);
  } finally {
    stop.abort();
  }
  expect(stored.slice(before)).toEqual(['null']);
});
