import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HookReceiver } from '../notifications/hook-receiver.js';
import { publishedIds } from '../notifications/log-writer.js';
import { subscribe } from '../notifications/subscriber.js';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { SETS_CLOCK, wrongClock } from './wrong-clock.js';

const MINUTE = 60;
const DAY = 24 * 3600;
const LIMIT = 40;
/** Longer than the steps of a measurement, and shorter than any wrong clock here is wrong. */
const TOLERANCE_MS = 2_000;

const incident = { title: 'x', description: 'x', severity: 'info' };

/** @returns a new incident’s time of creation, less PostgreSQL’s time, in ms */
async function aheadOfPostgres(server: TestServer, api: Api): Promise<number> {
  const [before] = await sql<{ now: Date }>(server.database.url, 'SELECT clock_timestamp() AS now');
  const { body } = await api.post<{ createdAt: string }>('/v1/incidents', incident);
  return Date.parse(body.createdAt) - Number(before?.now);
}

describe.each([-5 * MINUTE, 5 * MINUTE, 2 * DAY])(
  'a replica whose clock is %i s ahead of PostgreSQL’s and of the other’s',
  (aheadSeconds) => {
    let right: TestServer;
    let wrong: TestServer;
    let tenant: TenantUser;
    let apis: Api[];
    beforeAll(async () => {
      const env = { RATE_LIMIT_STARTER_PER_MINUTE: String(LIMIT) };
      right = await TestServer.start({ env });
      wrong = await TestServer.start({
        database: right.database,
        env: { ...env, ...wrongClock(aheadSeconds) },
      });
      tenant = await newTenant(right.url);
      apis = [right, wrong].map(({ url }) => new Api(url, tenant.api.token));
    });
    afterAll(async () => {
      await wrong.stop();
      await right.stop();
    });

    it('says so, and goes by PostgreSQL’s', async () => {
      expect(Math.abs(await aheadOfPostgres(wrong, new Api(wrong.url, tenant.api.token)))).toBeLessThan(
        TOLERANCE_MS,
      );
      const side = aheadSeconds > 0 ? 'ahead of' : 'behind';
      const told = new RegExp(`The clock of this machine is (\\S+) s ${side} PostgreSQL's`).exec(wrong.log);
      expect(Number(told?.[1])).toBeCloseTo(Math.abs(aheadSeconds), 0);
      const { body } = await new Api(wrong.url).get<string>('/metrics');
      expect(Number(/^causeflow_clock_ahead_seconds (\S+)/m.exec(body)?.[1])).toBeCloseTo(aheadSeconds, 0);
      expect(right.log).not.toContain('clock');
    });

    it('accepts the tokens and tickets of the other, which accepts its', async () => {
      const { email, password } = tenant;
      for (const [from, to] of [
        [right, wrong],
        [wrong, right],
      ] as const) {
        const { body: session } = await new Api(from.url).post<{ accessToken: string }>('/v1/auth/login', {
          email,
          password,
        });
        const there = new Api(to.url, session.accessToken);
        expect((await there.get('/v1/auth/me')).status).toBe(200);
        const { body } = await new Api(from.url, session.accessToken).post<{ ticket: string }>(
          '/v1/notifications/stream-tickets',
        );
        const stream = await EventStream.open(
          new Api(to.url),
          `?lastEventId=0&ticket=${encodeURIComponent(body.ticket)}`,
        );
        expect(stream.response.status).toBe(200);
        await stream.waitFor('tenant.created');
        stream.close();
      }
    });

    it('counts calls with the other', async () => {
      const minute = (): number => Math.floor(Date.now() / 60_000);
      for (let begun = NaN; begun !== minute();) {
        begun = minute();
        const { api } = await newTenant(right.url, { plan: 'starter' });
        const calls = [right, wrong].flatMap(({ url }) =>
          Array.from({ length: LIMIT }, () => new Api(url, api.token).get('/v1/auth/me')),
        );
        const allowed = (await Promise.all(calls)).filter(({ status }) => status === 200);
        // A window that ended meanwhile allows as many again.
        if (begun === minute()) expect(allowed.length).toBeLessThanOrEqual(LIMIT * 1.1);
      }
    });

    it('sends no webhook that the other is sending', async () => {
      const receiver = await HookReceiver.start();
      receiver.reply = async () => (await pause(700), 204);
      await subscribe(tenant, receiver.url(), { events: ['incident.created'] });
      for (let n = 0; n < 8; n++) {
        await apis[n % 2]?.post('/v1/incidents', incident);
        await until('it is being sent', () => receiver.firsts().length > n);
      }
      const types = ['incident.created'];
      const published = (await publishedIds(right.database, tenant.tenantId, types)).slice(-8);
      expect(receiver.hooks.map(({ id }) => id)).toEqual(published);
      await receiver.stop();
    });
  },
);

it('a clock that is set ahead while the server runs ages no incident', async () => {
  const server = await TestServer.start({ env: { INCIDENT_RETENTION_DAYS: '1', ...wrongClock(2 * DAY) } });
  const { api } = await newTenant(server.url);
  const exists = async (): Promise<boolean> =>
    (await api.get(`/v1/incidents/${String(body['incidentId'])}`)).status === 200;
  const { body } = await api.post('/v1/incidents', incident);
  process.kill(server.pid, SETS_CLOCK);
  await until('it is told', () => server.log.includes('The clock of this machine is'));
  await sql(server.database.url, `SELECT graphile_worker.add_job('delete-old-incidents')`);
  await until('the chore has run', async () => {
    const jobs = await sql(
      server.database.url,
      `SELECT FROM graphile_worker.jobs WHERE task_identifier = 'delete-old-incidents'`,
    );
    return jobs.length === 0;
  });
  expect(await exists()).toBe(true);
  expect(Math.abs(await aheadOfPostgres(server, api))).toBeLessThan(TOLERANCE_MS);
  await server.stop();
});
