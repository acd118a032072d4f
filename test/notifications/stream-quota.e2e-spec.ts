import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const MAX = 3;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { STREAMS_PER_TENANT: String(MAX) } });
});
afterAll(() => server.stop());

const open = ({ api }: TenantUser, count: number): Promise<EventStream[]> =>
  Promise.all(Array.from({ length: count }, () => EventStream.open(api)));
const statuses = (streams: readonly EventStream[]): number[] =>
  streams.map(({ response }) => response.status).sort();
async function figure(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? NaN);
}
const noneOpen = () =>
  until('no stream is open', async () => (await figure('causeflow_event_streams_open')) === 0);

describe('the streams of one tenant on a replica', () => {
  it('are limited, of 20 opened at once too, and another tenant has its own quota', async () => {
    const [greedy, modest] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
    const before = await figure('causeflow_event_streams_refused_total');
    const streams = await open(greedy, 20);
    expect(statuses(streams)).toEqual([...Array<number>(MAX).fill(200), ...Array<number>(17).fill(429)]);
    expect((await figure('causeflow_event_streams_refused_total')) - before).toBe(17);
    await until('they are open', async () => (await figure('causeflow_event_streams_open')) === MAX);

    const { response } = streams.find(({ response: { status } }) => status === 429) as EventStream;
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toEqual({
      error: 'quota_exceeded',
      message: 'This tenant already has 3 event streams open on this replica; close one, or retry later.',
      requestId: expect.any(String),
    });
    // Polling is not limited by this quota.
    expect((await greedy.api.get('/v1/notifications/events')).status).toBe(200);

    const others = await open(modest, 1);
    expect(statuses(others)).toEqual([200]);
    for (const stream of [...streams, ...others]) stream.close();
    await noneOpen();
  });

  it('release their quota when they close, and when they never opened', async () => {
    const tenant = await newTenant(server.url);
    for (let turn = 0; turn < 3; turn++) {
      const streams = await open(tenant, MAX);
      expect(statuses(streams)).toEqual(Array<number>(MAX).fill(200));
      expect(statuses(await open(tenant, 2))).toEqual([429, 429]);
      for (const stream of streams) stream.close();
      await noneOpen();
    }
    const headers = { authorization: `Bearer ${tenant.api.token ?? ''}` };
    for (let turn = 0; turn <= MAX; turn++) {
      const url = `${server.url}/v1/notifications/stream`;
      expect((await fetch(url, { method: 'HEAD', headers })).status).toBe(200);
      // Disconnects before it is answered.
      const disconnect = new AbortController();
      const answer = fetch(url, { headers, signal: disconnect.signal }).catch(() => undefined);
      disconnect.abort();
      await answer;
    }
    await until('all can be opened again', async () => {
      const streams = await open(tenant, MAX);
      const all = streams.every(({ response }) => response.ok);
      for (const stream of streams) stream.close();
      await noneOpen();
      return all;
    });
  });
});
