import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, programOf } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { append, newIncidentId, publishedIds } from './log-writer.js';

interface Page {
  items: { id: string; event: string; timestamp: string; tenantId: string; data: object }[];
  nextCursor: string | null;
}

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const poll = (api: Api, query = '') => api.get<Page>(`/v1/notifications/events?${query}`);

/** Reads all pages. */
async function readAll(api: Api, query: string, after?: string): Promise<Page['items']> {
  const items: Page['items'] = [];
  for (let cursor: string | null | undefined = after; cursor !== null;) {
    const { body } = await poll(api, `${query}${cursor ? `&after=${cursor}` : ''}`);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

describe('events by polling', () => {
  it('are those of the stream, oldest first, and each page resumes from the last one', async () => {
    const tenant = await newTenant(server.url);
    await append(server.database, tenant.tenantId, [{}, { type: 'incident.severity_changed' }, {}]);
    const first = await poll(tenant.api, 'limit=3');
    expect(first.status).toBe(200);
    expect(first.body.items).toHaveLength(3);
    expect(first.body.nextCursor).toBe(first.body.items[2]?.id);
    const second = await poll(tenant.api, `after=${first.body.nextCursor ?? ''}`);
    expect(second.body.items).toHaveLength(1);
    const last = second.body.nextCursor ?? '';
    expect((await poll(tenant.api, `after=${last}`)).body).toEqual({ items: [], nextCursor: null });

    const stream = await EventStream.open(tenant.api, '?lastEventId=0');
    await until('all came', () => stream.frames.length === 4);
    stream.close();
    const polled = [...first.body.items, ...second.body.items];
    expect(polled).toEqual(stream.frames.map(({ id, data }) => ({ id, ...data })));
    expect(await readAll(tenant.api, 'limit=1')).toEqual(polled);

    await append(server.database, tenant.tenantId, [{}]);
    const news = await poll(tenant.api, `after=${last}`);
    expect(news.body.items).toHaveLength(1);
  });

  it('are found when rare among many others, and filtered', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = newIncidentId();
    await append(server.database, tenant.tenantId, [
      ...Array.from({ length: 500 }, () => ({})),
      { type: 'remediation.rejected', incidentId },
      ...Array.from({ length: 500 }, () => ({})),
      { type: 'remediation.proposed' },
      { incidentId },
    ]);
    const names = async (query: string) => (await readAll(tenant.api, query)).map(({ event }) => event);
    expect(await names('limit=1&events=remediation.*')).toEqual([
      'remediation.rejected',
      'remediation.proposed',
    ]);
    expect(await names(`limit=1&incidentId=${incidentId}`)).toEqual([
      'remediation.rejected',
      'incident.created',
    ]);
    expect(await names(`limit=1&incidentId=${incidentId}&events=incident.*`)).toEqual(['incident.created']);
    expect(await names('limit=100&events=incident.created')).toHaveLength(1001);
    expect(await names('events=trigger.*')).toEqual([]);
  });

  it('are neither skipped nor repeated while more are appended', async () => {
    const tenant = await newTenant(server.url);
    let writing = true as boolean;
    const writers = Array.from({ length: 5 }, async (_, writer) => {
      for (let turn = 0; turn < 20; turn++)
        await append(server.database, tenant.tenantId, [{}, {}], { pause: (writer * turn) % 13 });
    });
    void Promise.allSettled(writers).then(() => (writing = false));
    const seen: string[] = [];
    while (writing) seen.push(...(await readAll(tenant.api, 'limit=7', seen.at(-1))).map(({ id }) => id));
    await Promise.all(writers);
    seen.push(...(await readAll(tenant.api, 'limit=7', seen.at(-1))).map(({ id }) => id));
    expect(seen).toEqual(await publishedIds(server.database, tenant.tenantId));
  });

  it('cannot be resumed after an event that is not in the tenant’s own log', async () => {
    const [tenant, other] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
    const [foreign = ''] = await publishedIds(server.database, other.tenantId);
    const unknown = `evt_${newIncidentId().slice(4)}`;
    const answers = await Promise.all(
      [foreign, unknown, 'x', other.tenantId, ''].map((after) => poll(tenant.api, `after=${after}`)),
    );
    for (const { status, body } of answers) {
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: 'validation_error', details: [{ field: 'after' }] });
    }
    const messages = new Set(answers.map(({ body }) => (body as unknown as { message: string }).message));
    expect(messages.size).toBe(1);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'events=wat',
    'incidentId=ten_1',
    'colour=red',
    'after=a&after=b',
  ])('refuse ?%s', async (query) => {
    const { api } = await newTenant(server.url);
    expect((await poll(api, query)).status).toBe(400);
  });

  it('require the permission to read events', async () => {
    const sender = await programOf(await newTenant(server.url), 'webhooks:write');
    expect((await poll(sender)).status).toBe(403);
    expect((await poll(new Api(server.url))).status).toBe(401);
  });
});
