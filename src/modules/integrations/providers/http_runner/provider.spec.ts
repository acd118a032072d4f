import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { SystemClock } from '#kernel/domain/clock';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import type { StepOrder } from '../../api.js';
import { ProviderError } from '../provider.js';
import { httpRunner } from './provider.js';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const outside = { http: new GuardedFetch(['127.0.0.0/8']), clock: new SystemClock() };
const order: StepOrder = {
  remediationId: 'rem_1',
  incidentId: 'inc_1',
  stepId: 'stp_1',
  action: 'rollback_deployment',
  params: { service: 'checkout', naïve: '🔥' },
  dryRun: false,
  attempt: 2,
};

let server: Server;
let listener: RequestListener;
let requests: { headers: IncomingHttpHeaders; raw: string }[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, raw: Buffer.concat(chunks).toString() });
      listener(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function respondWith(status: number, body?: unknown, headers: Record<string, string> = {}): void {
  listener = (_, response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : body && JSON.stringify(body));
  };
}

const connection = (timeoutSeconds?: number) => ({
  config: {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/steps`,
    actions: [order.action],
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
  },
  credentials: { secret },
});
const run = async (http = outside.http, timeoutSeconds?: number) =>
  httpRunner.steps?.run(connection(timeoutSeconds), order, { ...outside, http });

describe('a step', () => {
  it('is a POST that a Standard Webhooks library verifies, with exactly the documented fields', async () => {
    respondWith(200, { status: 'succeeded', output: { version: '1.2.2' } });
    expect(await run()).toEqual({ status: 'succeeded', output: { version: '1.2.2' } });
    const [{ headers, raw } = { headers: {}, raw: '' }] = requests;
    expect(new Webhook(secret).verify(raw, headers as Record<string, string>)).toEqual(order);
    expect(headers).toMatchObject({ 'webhook-id': 'stp_1', 'content-type': 'application/json' });
    expect(() =>
      new Webhook(`whsec_${randomBytes(32).toString('base64')}`).verify(
        raw,
        headers as Record<string, string>,
      ),
    ).toThrow();
  });

  it('may fail, with or without an output', async () => {
    respondWith(200, { status: 'failed' });
    expect(await run()).toEqual({ status: 'failed', output: null });
  });

  it.each([
    [{ a: '\0' }, '{"a":"\\u0000"}'],
    ['\ud800', '"\\ud800"'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('keeps an output that the database cannot hold as its JSON text: %#', async (output, kept) => {
    respondWith(200, { status: 'succeeded', output });
    expect(await run()).toEqual({ status: 'succeeded', output: kept });
  });

  it('keeps the start of a large output', async () => {
    respondWith(200, { status: 'succeeded', output: ['é'.repeat(60_000)] });
    const { output } = (await run()) as { output: string };
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(64 * 1024);
    expect(Buffer.byteLength(output)).toBeGreaterThan(64 * 1024 - 4);
    expect(output).toMatch(/^\["éé.*é…$/);
  });

  it('keeps numbers of which the database would write hundreds of digits as JSON text', async () => {
    respondWith(200, { status: 'succeeded', output: [1e308, 2] });
    expect(await run()).toMatchObject({ output: [1e308, 2] });
    respondWith(200, { status: 'succeeded', output: Array<number>(5_000).fill(1e308) });
    expect(await run()).toMatchObject({ output: expect.stringMatching(/^\[1e\+308,1e\+308,/) });
  });

  it('stores an output with 200,000 levels of nesting as text', async () => {
    respondWith(200, `{"status":"succeeded","output":${'['.repeat(200_000)}${']'.repeat(200_000)}}`);
    expect(await run()).toMatchObject({ status: 'succeeded', output: expect.any(String) });
  });
});

describe('a step without a usable response', () => {
  it.each([
    [200, 'succeeded', /neither succeeded nor failed/],
    [200, { status: 'done' }, /neither succeeded nor failed/],
    [202, undefined, /answered 202 but neither/],
    [302, undefined, /answered 302; redirects are not followed/],
    [400, { status: 'succeeded' }, /answered 400/],
    [500, { status: 'failed' }, /answered 500/],
    [503, undefined, /answered 503/],
  ])('is unknown: %s %j', async (status, body, reason) => {
    respondWith(status, body, { location: '/elsewhere' });
    expect(await run()).toEqual({ status: 'unknown', reason: expect.stringMatching(reason) });
    expect(requests).toHaveLength(1);
  });

  it('is unknown when the connection breaks or the request times out after it was sent', async () => {
    listener = (_, response) => response.destroy();
    expect(await run()).toEqual({
      status: 'unknown',
      reason: expect.stringMatching(/connection was closed/),
    });
    listener = () => undefined;
    expect(await run(outside.http, 1)).toEqual({
      status: 'unknown',
      reason: expect.stringMatching(/timed out after 1 s/),
    });
  });
});

describe('a step that was certainly not executed', () => {
  it.each([
    [429, '7', 7],
    [503, '0', 0],
    [503, 'Sun, 01 Mar 2026 12:01:30 GMT', 90],
    [503, '999999999', 86_400],
  ])('is retried after the delay that the runner requests: %s, %s', async (status, header, seconds) => {
    respondWith(status, undefined, { 'retry-after': header });
    const clock = { now: () => new Date('2026-03-01T12:00:00Z') };
    expect(await httpRunner.steps?.run(connection(), order, { ...outside, clock })).toMatchObject({
      status: 'not_sent',
      retryAfterSeconds: seconds,
    });
  });

  it('excludes a 503 with an invalid Retry-After, which is unknown', async () => {
    respondWith(503, undefined, { 'retry-after': 'soon' });
    expect(await run()).toMatchObject({ status: 'unknown' });
  });

  it('is reported as not sent when the connection was refused', async () => {
    const closed = connection();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await httpRunner.steps?.run(closed, order, outside)).toEqual({
      status: 'not_sent',
      reason: 'The call to the runner failed: connection refused.',
      retryAfterSeconds: null,
    });
  });

  it('is reported as not sent when the address guard forbids the call', async () => {
    respondWith(200, { status: 'succeeded' });
    expect(await run(new GuardedFetch([]))).toMatchObject({
      status: 'not_sent',
      reason: expect.stringMatching(/loopback address/),
    });
    expect(requests).toEqual([]);
  });
});

describe('a probe', () => {
  const probe = () => httpRunner.probe(connection(), outside);

  it.each([
    [200, { status: 'succeeded' }],
    [200, {}],
    [204, undefined],
  ])('accepts %s %j', async (status, body) => {
    respondWith(status, body);
    await probe();
    const [{ headers, raw } = { headers: {}, raw: '' }] = requests;
    expect(new Webhook(secret).verify(raw, headers as Record<string, string>)).toEqual({
      action: 'probe',
      dryRun: true,
    });
  });

  it.each([
    [401, undefined, 'The runner answered 401.'],
    [200, '<html>', 'The runner did not answer in JSON.'],
    [200, { status: 'failed' }, 'The runner answered that its probe failed.'],
  ])('is refused with %s %j', async (status, body, message) => {
    respondWith(status, body);
    await expect(probe()).rejects.toEqual(new ProviderError(message));
  });

  it('reports why the runner did not respond', async () => {
    const refused = httpRunner.probe(connection(), { ...outside, http: new GuardedFetch([]) });
    await expect(refused).rejects.toThrow(/127\.0\.0\.1 leads to a loopback address/);
    listener = (_, response) => response.destroy();
    await expect(probe()).rejects.toThrow(/connection was closed/);
  });
});
