import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, programOf, type TenantUser } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { append, newIncidentId } from './log-writer.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { PING_INTERVAL_SECONDS: '1' } });
});
afterAll(() => server.stop());

/** Reads a stream until all of these texts have arrived. @returns its frames */
async function framesUntil(response: Response, texts: readonly string[]): Promise<string[]> {
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    if (texts.every((each) => text.includes(each))) break;
  }
  return text.replace(/^\s*(:[^\n]*\s*)?/, '').split('\n\n');
}

describe('the event stream', () => {
  let tenant: TenantUser;
  const rename = (name: string) => tenant.api.patch(`/v1/tenants/${tenant.tenantId}`, { name });
  beforeAll(async () => {
    tenant = await newTenant(server.url);
  });

  it('sends its headers and a retry line at once, then each event as one frame, and pings without an id', async () => {
    const response = await fetch(`${server.url}/v1/notifications/stream?lastEventId=0`, {
      headers: { authorization: `Bearer ${tenant.api.token ?? ''}` },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toMatch(/no-store.*no-transform/);
    expect(response.headers.get('x-accel-buffering')).toBe('no');

    const ping = 'event: ping\ndata: {}';
    const frames = await framesUntil(response, ['event: user.created', `${ping}\n\n`]);
    // A ping comes every second, be it before the first event.
    const [opening, created] = frames.filter((frame) => frame !== ping);
    expect(frames).toContain(ping);
    expect(opening).toMatch(/^retry: \d+$/);
    expect(created).toMatch(/^id: evt_[0-9A-HJKMNP-TV-Z]{26}\nevent: tenant\.created\ndata: \{.*\}$/);
    const { event, timestamp, tenantId, data, ...rest } = JSON.parse(
      created?.split('data: ')[1] ?? '',
    ) as Record<string, unknown>;
    expect(rest).toEqual({});
    expect({ event, tenantId }).toEqual({ event: 'tenant.created', tenantId: tenant.tenantId });
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(data).toMatchObject({ tenantId: tenant.tenantId, name: 'Acme Corp', plan: 'pro' });
  });

  it('answers HEAD with its headers and opens nothing', async () => {
    const areNoneOpen = async (): Promise<boolean> => {
      const { body } = await new Api(server.url).get<string>('/metrics');
      return body.includes('causeflow_event_streams_open 0\n');
    };
    await until('no other stream is open', areNoneOpen);
    const response = await fetch(`${server.url}/v1/notifications/stream`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${tenant.api.token ?? ''}` },
    });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/event-stream',
      '',
    ]);
    expect(await areNoneOpen()).toBe(true);
  });

  it('starts with new events', async () => {
    const stream = await EventStream.open(tenant.api);
    await until('the stream is open', () => stream.retryMs);
    await rename('Live');
    const frame = await stream.waitFor('tenant.updated');
    expect(stream.frames).toEqual([frame]);
    expect(frame.data.data).toMatchObject({ tenantId: tenant.tenantId, name: 'Live', plan: 'pro' });
    stream.close();
  });

  it('keeps the lines of a frame, whatever the data contains', async () => {
    const stream = await EventStream.open(tenant.api);
    await until('the stream is open', () => stream.retryMs);
    await append(server.database, tenant.tenantId, [{ data: { title: 'a\r\nb\u2028\nevent: forged\n\n' } }]);
    expect((await stream.waitFor('incident.created')).data.data).toEqual({
      title: 'a\r\nb\u2028\nevent: forged\n\n',
    });
    stream.close();
  });

  it('filters by name, by wildcard and by incident', async () => {
    const [one, other] = [newIncidentId(), newIncidentId()];
    const queries = [
      '?events=incident.*',
      '?events=remediation.proposed,tenant.*',
      `?incidentId=${one}`,
      `?events=incident.*&incidentId=${one}`,
    ];
    const live = await Promise.all(queries.map((query) => EventStream.open(tenant.api, query)));
    await until('all are open', () => live.every(({ retryMs }) => retryMs));
    await append(
      server.database,
      tenant.tenantId,
      [one, other].flatMap((incidentId) => [
        { type: 'incident.created', incidentId },
        { type: 'incident.severity_changed', incidentId },
        { type: 'remediation.proposed', incidentId },
      ]),
    );
    await rename('The end');
    await live[1]?.waitFor('tenant.updated');
    const resumed = await Promise.all(
      queries.map((query) => EventStream.open(tenant.api, `${query}&lastEventId=0`)),
    );
    const about = (streams: EventStream[]) =>
      streams.map(({ frames }) =>
        frames
          .filter(({ data: { data } }) => data['incidentId'] === one || data['incidentId'] === other)
          .map(({ event, data: { data } }) => `${event} ${data['incidentId'] === one ? 'one' : 'other'}`),
      );
    const expected = [
      ['incident.created one', 'incident.created other'],
      ['remediation.proposed one', 'remediation.proposed other'],
      ['incident.created one', 'remediation.proposed one'],
      ['incident.created one'],
    ];
    await until('all came', () =>
      about([...live, ...resumed]).every((frames, at) => frames.length >= (expected[at % 4]?.length ?? 0)),
    );
    expect(about(live)).toEqual(expected);
    expect(about(resumed)).toEqual(expected);
    for (const stream of [...live, ...resumed]) stream.close();
  });

  it.each(['events=wat', 'events=', 'events=incident.severity_changed', 'incidentId=evt_1', 'colour=red'])(
    'refuses ?%s before it opens',
    async (query) => {
      const answer = await tenant.api.get(`/v1/notifications/stream?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ error: 'validation_error', details: [{}] });
    },
  );

  it('requires the permission to read events', async () => {
    const allowed = await EventStream.open(await programOf(tenant, 'events:read'), '?lastEventId=0');
    await allowed.waitFor('user.created');
    allowed.close();
    expect((await (await programOf(tenant, 'incidents:read')).get('/v1/notifications/stream')).status).toBe(
      403,
    );
    expect((await new Api(server.url).get('/v1/notifications/stream')).status).toBe(401);
    expect((await new Api(server.url, 'no.such.token').get('/v1/notifications/stream')).status).toBe(401);
  });
});

describe('two tenants', () => {
  it('never receive a frame of each other, whatever ids they request', async () => {
    const [ada, bob] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
    const theirs = await EventStream.open(bob.api, '?lastEventId=0');
    const foreignId = (await theirs.waitFor('user.created')).id ?? '';
    const incidentId = newIncidentId();
    const streams = await Promise.all([
      EventStream.open(ada.api),
      EventStream.open(ada.api, '?lastEventId=0'),
      EventStream.open(ada.api, `?lastEventId=${foreignId}`),
      EventStream.open(ada.api, `?lastEventId=0&incidentId=${incidentId}`),
    ]);
    await until('all are open', () => streams.every(({ retryMs }) => retryMs));
    // The same incident id in both tenants, which only a guess could produce.
    await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        append(server.database, turn % 2 ? ada.tenantId : bob.tenantId, [{ incidentId }]),
      ),
    );
    await ada.api.patch(`/v1/tenants/${ada.tenantId}`, { name: 'The end' });
    await Promise.all(streams.slice(0, 3).map((stream) => stream.waitFor('tenant.updated')));
    await until('its events arrived', () =>
      streams.every(({ frames }) => frames.filter(({ event }) => event === 'incident.created').length === 10),
    );
    expect(streams[2].frames[0]?.event).toBe('stream.truncated');
    const senders = streams
      .flatMap(({ frames }) => frames)
      .filter(({ event }) => event !== 'stream.truncated')
      .map(({ data }) => data.tenantId);
    expect(new Set(senders)).toEqual(new Set([ada.tenantId]));
    for (const stream of [theirs, ...streams]) stream.close();
  });
});
