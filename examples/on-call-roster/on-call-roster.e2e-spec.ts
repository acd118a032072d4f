import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../../test/support/api.js';
import { sql } from '../../test/support/database.js';
import { EventStream } from '../../test/support/event-stream.js';
import { TestServer } from '../../test/support/server.js';
import { until } from '../../test/support/until.js';

describe('the on-call roster', () => {
  let server: TestServer;
  let tenant: TenantUser;

  beforeAll(async () => {
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    await promisify(execFile)(process.execPath, [tsc, '-p', import.meta.dirname]);
    server = await TestServer.start({
      main: 'dist/examples/on-call-roster/main.js',
      env: { INCIDENT_RETENTION_DAYS: '30' },
    });
    tenant = await newTenant(server.url);
  });
  afterAll(() => server.stop());

  const arrange = (service: string, people: readonly string[]) =>
    tenant.api.call('PUT', `/v1/on-call/${service}`, { body: { people } });
  const openIncident = async (service: string): Promise<string> => {
    const incident = { title: 'Slow', description: 'Slower than yesterday.', severity: 'low', service };
    return String((await tenant.api.post('/v1/incidents', incident)).body['incidentId']);
  };

  it('rotates incidents of a service among its people, and publishes each assignment', async () => {
    expect(await arrange('checkout', ['Ada', 'Grace'])).toMatchObject({ status: 200, body: { next: 'Ada' } });
    const stream = await EventStream.open(tenant.api, '?events=on_call.*');
    const incidents: string[] = [];
    for (let n = 0; n < 3; n += 1) incidents.push(await openIncident('checkout'));
    const frames = await until(
      'all incidents are assigned',
      () => stream.frames.length === 3 && stream.frames,
    );
    stream.close();
    expect(frames.map(({ event, data }) => ({ event, ...data.data }))).toEqual(
      ['Ada', 'Grace', 'Ada'].map((person, at) => ({
        event: 'on_call.assigned',
        assignmentId: expect.stringMatching(/^asg_/),
        incidentId: incidents[at],
        service: 'checkout',
        person,
      })),
    );
    expect(await tenant.api.get(`/v1/incidents/${incidents[1] ?? ''}/on-call`)).toMatchObject({
      status: 200,
      body: { assignmentId: frames[1]?.data.data['assignmentId'], incidentId: incidents[1], person: 'Grace' },
    });
    expect(await tenant.api.get('/v1/on-call/checkout')).toMatchObject({ body: { next: 'Grace' } });
  });

  it('assigns no incident whose service has no roster', async () => {
    await arrange('search', ['Ada']);
    const [unassigned, assigned] = [await openIncident('no-roster'), await openIncident('search')];
    await until(
      'the later one is assigned',
      async () => (await tenant.api.get(`/v1/incidents/${assigned}/on-call`)).status === 200,
    );
    expect((await tenant.api.get(`/v1/incidents/${unassigned}/on-call`)).status).toBe(404);
  });

  it('accepts twenty concurrent updates', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => arrange('raced', [`Person ${n}`])),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  });

  it('is set by admins, read by members, and hidden from other tenants', async () => {
    const member = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    await tenant.api.post('/v1/users', { ...member, name: 'Linus', role: 'member' });
    const { body } = await new Api(server.url).post<{ accessToken: string }>('/v1/auth/login', member);
    const asMember = new Api(server.url, body.accessToken);
    expect(await asMember.call('PUT', '/v1/on-call/checkout', { body: { people: ['Linus'] } })).toMatchObject(
      {
        status: 403,
      },
    );
    expect((await asMember.get('/v1/on-call/checkout')).status).toBe(200);
    const stranger = await newTenant(server.url);
    expect((await stranger.api.get('/v1/on-call/checkout')).status).toBe(404);
    expect((await new Api(server.url).get('/v1/on-call/checkout')).status).toBe(401);
  });

  it('refuses an empty roster', async () => {
    expect(await arrange('checkout', [])).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });

  it('forgets the assignment of an incident that is deleted', async () => {
    await arrange('billing', ['Ada']);
    const incidentId = await openIncident('billing');
    const assignment = () => tenant.api.get(`/v1/incidents/${incidentId}/on-call`);
    await until('it is assigned', async () => (await assignment()).status === 200);
    await until('it is triaged', async () => {
      const { body } = await tenant.api.get(`/v1/incidents/${incidentId}`);
      return body['status'] === 'open';
    });
    const age = `UPDATE incidents SET updated_at = now() - interval '31 days' WHERE incident_id = $1`;
    await sql(server.database.url, age, [incidentId], tenant.tenantId);
    await sql(server.database.url, `SELECT graphile_worker.add_job('delete-old-incidents')`);
    await until('the assignment is gone', async () => (await assignment()).status === 404);
  });

  it('is in the API documents', async () => {
    const { body: openApi } = await new Api(server.url).get<{ paths: object }>('/openapi.json');
    expect(Object.keys(openApi.paths)).toContain('/v1/on-call/{service}');
    const { body: asyncApi } = await new Api(server.url).get('/asyncapi.json');
    expect(JSON.stringify(asyncApi)).toContain('on_call.assigned');
  });
});
