import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express, Request, Response } from 'express';
import { LeanExpressAdapter } from './lean-express-adapter.js';

let server: Server;
let app: Express;
let url: string;
const seen: { request: object; response: object; atArrival: object }[] = [];

beforeAll(async () => {
  const adapter = new LeanExpressAdapter();
  adapter.initHttpServer({});
  app = adapter.getInstance<Express>();
  server = adapter.getHttpServer();
  server.prependListener('request', (request) => {
    seen.push({ request, response: {}, atArrival: Object.getPrototypeOf(request) as object });
  });
  app.get('/echo', (request: Request, response: Response) => {
    Object.assign(seen.at(-1) ?? {}, { request, response });
    response
      .cookie('a', 'b')
      .status(201)
      .json({ query: request.query, host: request.hostname, accepts: request.accepts('json') });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});

describe('the lean adapter', () => {
  it('gives requests and responses the prototypes of Express before Express sees them', async () => {
    await fetch(`${url}/echo`);
    const { request, response, atArrival } = seen.at(-1) ?? { request: {}, response: {}, atArrival: {} };
    expect(atArrival).toBe(app.request);
    expect(Object.getPrototypeOf(request)).toBe(app.request);
    expect(Object.getPrototypeOf(response)).toBe(app.response);
  });

  it('leaves everything that Express adds in place', async () => {
    const answer = await fetch(`${url}/echo?a=1`);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([201, 'a=b; Path=/']);
    expect(await answer.json()).toEqual({ query: { a: '1' }, host: '127.0.0.1', accepts: 'json' });
  });
});
