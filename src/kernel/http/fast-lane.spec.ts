import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Logger, NotFoundException } from '@nestjs/common';
import type { Express } from 'express';
import type { Config } from '../config/config.js';
import { Metrics } from '../metrics/metrics.js';
import { RequestDurations } from '../metrics/request-durations.js';
import { AccessLog } from './access-log.js';
import { ErrorEnvelopeFilter } from './error-envelope.filter.js';
import { FastLane, type LaneRequest } from './fast-lane.js';
import type { KnownMethods } from './known-methods.js';
import { LargeBodies } from './large-bodies.js';
import { LeanExpressAdapter } from './lean-express-adapter.js';
import { requestBody, type RawBodyRequest } from './request-body.js';
import { requestContext } from './request-context.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const config = { maxBodyBytes: 1_000_000, logLevel: 'info' } as Config;

let server: Server;
let url: string;
/** Of the requests to `/kept` and `/kept/`. */
const bodies: WeakRef<Buffer>[] = [];
const keepTrack = ({ rawBody }: RawBodyRequest): void => {
  if (rawBody) bodies.push(new WeakRef(rawBody));
};
const metrics = new Metrics();

beforeAll(async () => {
  Logger.overrideLogger(false);
  const filter = new ErrorEnvelopeFilter({ of: () => ['POST'] } as unknown as KnownMethods);
  const durations = new RequestDurations(metrics);
  const largeBodies = new LargeBodies(config);
  const fast = new FastLane(config, largeBodies, new AccessLog(config), durations);
  const lane = {
    status: 202,
    usual: [],
    refusalFrom: filter.refusalFrom.bind(filter),
  };
  fast.open({
    ...lane,
    path: /^\/(\w+)\/first$/,
    route: '/:name/first',
    serve: (_request, _answer, name: string) => Promise.resolve({ first: name }),
  });
  fast.open({
    ...lane,
    path: /^\/(\w+)\/(\w+)$/,
    route: '/:name/:other',
    serve: (_request, _answer, ...parameters) => Promise.resolve({ second: parameters }),
  });
  fast.open({ ...lane, path: /^\/empty$/, route: '/empty', serve: () => Promise.resolve(undefined) });
  fast.open({
    ...lane,
    path: /^\/missing$/,
    route: '/missing',
    serve: () => Promise.reject(new NotFoundException('No such page.')),
  });
  fast.open({
    ...lane,
    path: /^\/kept$/,
    route: '/kept',
    serve: (request) => {
      keepTrack(request);
      return Promise.resolve({});
    },
  });
  const adapter = new LeanExpressAdapter();
  adapter.initHttpServer({});
  adapter.lane = (request, response) => fast.takes(request as LaneRequest, response);
  const express = adapter.getInstance<Express>();
  express.use(requestContext);
  express.use(requestBody(config.maxBodyBytes, largeBodies, () => false));
  express.use((request, response) => {
    keepTrack(request);
    response.status(418).end();
  });
  server = adapter.getHttpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

async function post(path: string, headers: Record<string, string> = {}): Promise<[number, unknown]> {
  const response = await fetch(url + path, { method: 'POST', headers });
  const text = await response.text();
  return [response.status, text && (JSON.parse(text) as unknown)];
}

describe('a lane', () => {
  it('gets the groups of its path, and the first that matches takes the request', async () => {
    expect(await post('/a/first')).toEqual([202, { first: 'a' }]);
    expect(await post('/a/b')).toEqual([202, { second: ['a', 'b'] }]);
  });

  it.each(['/a', '/a/b/', '/a/b?c=d', '/A%20/b'])('leaves %s to Express', async (path) => {
    expect(await post(path)).toEqual([418, '']);
  });

  it('leaves requests of browsers to Express, and other methods', async () => {
    expect(await post('/a/b', { origin: 'https://example.com' })).toEqual([418, '']);
    expect((await fetch(`${url}/a/b`)).status).toBe(418);
  });

  it('answers 200 without a body when there is none', async () => {
    const response = await fetch(`${url}/empty`, { method: 'POST' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-type')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it("keeps the words of Nest's exceptions: the route exists", async () => {
    expect(await post('/missing')).toMatchObject([404, { error: 'not_found', message: 'No such page.' }]);
  });

  it.each(['/kept', '/kept/'])('holds no body while its connection is idle: %s', async (path) => {
    bodies.length = 0;
    const agent = new Agent({ keepAlive: true });
    const body = Buffer.alloc(config.maxBodyBytes);
    const [answer] = (await once(send(url + path, { method: 'POST', agent }).end(body), 'response')) as [
      IncomingMessage,
    ];
    await once(answer.resume(), 'end');
    for (let turn = 0; turn < 100 && bodies[0]?.deref(); turn += 1) {
      await new Promise(setImmediate);
      collectGarbage();
    }
    expect(bodies.map((kept) => kept.deref())).toEqual([undefined]);
    expect(Object.values(agent.freeSockets)).toHaveLength(1);
    agent.destroy();
  });

  it('times each route and status', async () => {
    await Promise.all(['/a/first', '/a/b', '/empty', '/missing'].map((path) => post(path)));
    const readings = await Promise.all(metrics.families.map((family) => family.read()));
    const counted = readings.flat().filter(({ suffix }) => suffix === '_count');
    expect(counted.map(({ labels }) => [labels['route'], labels['status']])).toEqual(
      expect.arrayContaining([
        ['/:name/first', 202],
        ['/:name/:other', 202],
        ['/empty', 200],
        ['/missing', 404],
      ]),
    );
  });
});
