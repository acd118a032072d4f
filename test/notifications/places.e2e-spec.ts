import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const MOST = 3;

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { STREAMS_PER_TENANT: String(MOST) } });
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
const noneIsOpen = () =>
  until('none is open', async () => (await figure('causeflow_event_streams_open')) === 0);

describe('the streams that one tenant may have open on a replica', () => {
  it('are so many and no more, of 20 that come at once, and another tenant has her own', async () => {
    const [greedy, modest] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
    const before = await figure('causeflow_event_streams_refused_total');
    const streams = await open(greedy, 20);
    expect(statuses(streams)).toEqual([...Array<number>(MOST).fill(200), ...Array<number>(17).fill(429)]);
    expect((await figure('causeflow_event_streams_refused_total')) - before).toBe(17);
    await until('they are open', async () => (await figure('causeflow_event_streams_open')) === MOST);

    const { response } = streams.find(({ response: { status } }) => status === 429) as EventStream;
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toEqual({
      error: 'quota_exceeded',
      message: '3 event streams of this tenant are open here already; close one, or come back later.',
      requestId: expect.any(String),
    });
    // A poll holds nothing.
    expect((await greedy.api.get('/v1/notifications/events')).status).toBe(200);

    const others = await open(modest, 1);
    expect(statuses(others)).toEqual([200]);
    for (const stream of [...streams, ...others]) stream.close();
    await noneIsOpen();
  });

  it('are free again for others when they close, and when nothing came of them', async () => {
    const tenant = await newTenant(server.url);
    for (let turn = 0; turn < 3; turn++) {
      const streams = await open(tenant, MOST);
      expect(statuses(streams)).toEqual(Array<number>(MOST).fill(200));
      expect(statuses(await open(tenant, 2))).toEqual([429, 429]);
      for (const stream of streams) stream.close();
      await noneIsOpen();
    }
    const headers = { authorization: `Bearer ${tenant.api.token ?? ''}` };
    for (let turn = 0; turn <= MOST; turn++) {
      const url = `${server.url}/v1/notifications/stream`;
      expect((await fetch(url, { method: 'HEAD', headers })).status).toBe(200);
      // Gone before it is answered.
      const left = new AbortController();
      const answer = fetch(url, { headers, signal: left.signal }).catch(() => undefined);
      left.abort();
      await answer;
    }
    await until('all may come again', async () => {
      const streams = await open(tenant, MOST);
      const all = streams.every(({ response }) => response.ok);
      for (const stream of streams) stream.close();
      await noneIsOpen();
      return all;
    });
  });
});
