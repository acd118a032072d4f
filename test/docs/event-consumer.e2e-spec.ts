import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { append, newIncidentId } from '../notifications/log-writer.js';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { newTenant } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Consumer {
  readonly listen: (options: {
    url: string;
    getToken: (refused: boolean) => string;
    onReset: () => void;
    onEvent: (event: { data: { incidentId: string } }) => void;
    signal: AbortSignal;
  }) => Promise<unknown>;
}

/** The code of docs/listening.md. */
async function documentedConsumer(): Promise<Consumer> {
  const page = readFileSync(new URL('../../docs/listening.md', import.meta.url), 'utf8');
  const [, code = ''] = /^```js\n([\s\S]+?)^```/m.exec(page) ?? [];
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Consumer;
}

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
  const stop = new AbortController();
  const { listen } = await documentedConsumer();
  const finished = listen({
    url: `http://127.0.0.1:${proxy.port}`,
    getToken: (refused) => {
      if (refused) seen.refused += 1;
      return seen.refused > 0 ? (tenant.api.token ?? '') : shortLived;
    },
    onReset: () => (seen.resets += 1),
    onEvent: ({ data }) => seen.events.push(data.incidentId),
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
});
