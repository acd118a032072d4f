import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { cloneDatabase, removeDatabase, sql } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** The samples of a scrape by name and labels, as in `causeflow_alerts_total{outcome="accepted"}`. */
async function scrape(url: string): Promise<Map<string, number>> {
  const { body } = await new Api(url).get<string>('/metrics');
  return samplesOf(body);
}

/** Reads OpenMetrics as strictly as its grammar: families in one piece, no sample twice, an end. */
function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const families = new Set<string>();
  let family = { name: '', type: '' };
  const lines = text.split('\n');
  expect(lines.splice(-2)).toEqual(['# EOF', '']);
  for (const line of lines) {
    const [, described, type] = /^# TYPE ([a-z0-9_]+) (counter|gauge|histogram)$/.exec(line) ?? [];
    if (described !== undefined) {
      expect(families.has(described)).toBe(false);
      families.add(described);
      family = { name: described, type: type ?? '' };
    } else if (!line.startsWith('# HELP ')) {
      const [, key, name, value] = /^(([a-z0-9_]+)(?:\{(?:[a-z_]+="[^"\n]*",?)+\})?) (\S+)$/.exec(line) ?? [];
      const suffixes = { counter: '_total', gauge: '', histogram: '_(bucket|sum|count)' }[family.type];
      expect(name).toMatch(new RegExp(`^${family.name}${suffixes ?? '!'}$`));
      expect(samples.has(key ?? '')).toBe(false);
      samples.set(key ?? '', Number(value));
    }
  }
  return samples;
}

async function serverBehindProxy(env: Record<string, string> = {}) {
  const database = await cloneDatabase();
  const url = new URL(database.url);
  const proxy = await CuttableProxy.to(Number(url.port || 5432), url.hostname);
  url.host = `127.0.0.1:${proxy.port}`;
  const server = await TestServer.start({ database: { ...database, url: url.href }, env });
  const stop = async (): Promise<void> => {
    await server.kill();
    await proxy.stop();
    await removeDatabase(database);
  };
  return { server, proxy, stop };
}

describe('the metrics', () => {
  let server: TestServer;
  let tenant: TenantUser;

  beforeAll(async () => {
    server = await TestServer.start();
    tenant = await newTenant(server.url);
  });
  afterAll(() => server.stop());

  it('are OpenMetrics text, and include the process', async () => {
    const { status, headers, body } = await new Api(server.url).get<string>('/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const samples = samplesOf(body);
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect([...samples.keys()]).toContainEqual(expect.stringMatching(/^nodejs_eventloop_lag_seconds/));
  });

  it('report waiting investigations by tenant, their number and for how long', async () => {
    const busy = await newTenant(server.url);
    await sql(
      server.database.url,
      `INSERT INTO investigations (tenant_id, investigation_id, incident_id, status, trigger, steps, queued_at)
       SELECT $1, 'inv_' || n, 'inc_' || n, CASE WHEN n > 3 THEN 'queued' ELSE 'running' END, 'triage', '[]',
              now() - interval '1 hour' FROM generate_series(1, 8) AS n`,
      [busy.tenantId],
      busy.tenantId,
    );
    const of = (state: string): string =>
      `causeflow_investigations{tenant="${busy.tenantId}",state="${state}"}`;
    const samples = await until('they are counted', async () => {
      const scraped = await scrape(server.url);
      return scraped.has(of('queued')) && scraped;
    });
    expect([samples.get(of('queued')), samples.get(of('running'))]).toEqual([5, 3]);
    const oldest = samples.get(`causeflow_investigations_oldest_queued_seconds{tenant="${busy.tenantId}"}`);
    expect(oldest).toBeGreaterThanOrEqual(3600);
  });

  it('count alerts by outcome, and their events', async () => {
    const sender = await AlertSender.of(tenant);
    const before = await scrape(server.url);
    await sender.send({ title: 'One', description: 'One.', sourceAlertId: '1' });
    await sender.send({ title: 'One', description: 'One.', sourceAlertId: '1' });
    await sender.send({ title: '', description: 'One.' });
    await sender.send({ title: 'One', description: 'One.' }, { 'x-webhook-signature': '00' });
    await until('the relay has handed on the events', async () => {
      const after = await scrape(server.url);
      const grown = (key: string): number => (after.get(key) ?? 0) - (before.get(key) ?? 0);
      expect(grown('causeflow_alerts_total{outcome="accepted"}')).toBe(1);
      expect(grown('causeflow_alerts_total{outcome="duplicate"}')).toBe(1);
      expect(grown('causeflow_alerts_total{outcome="refused"}')).toBe(2);
      // The repeat needed no query.
      expect(grown('causeflow_ingest_batch_alerts_sum')).toBe(1);
      expect(grown('causeflow_events_relayed_total')).toBeGreaterThanOrEqual(2);
      expect(after.get('causeflow_relay_backlog_events')).toBe(0);
      return true;
    });
  });

  it('tell alerts that failed here from those refused because of their tenant', async () => {
    const { server: limited, proxy, stop } = await serverBehindProxy({ RATE_LIMIT_INGEST_PER_MINUTE: '1' });
    try {
      const own = await newTenant(limited.url);
      const sender = await AlertSender.of(own);
      const other = await AlertSender.of(await newTenant(limited.url));
      const connected = await own.api.post<{ ingestUrl: string }>('/v1/integrations/uptime_kuma/connect', {});
      const { pathname } = new URL(connected.body.ingestUrl);
      const counted = async () => {
        const samples = await scrape(limited.url);
        return ['refused', 'failed'].map((outcome) =>
          samples.get(`causeflow_alerts_total{outcome="${outcome}"}`),
        );
      };
      const answers = [];
      for (let n = 0; n < 4; n += 1) {
        const alert = { heartbeat: { status: 0 }, monitor: { name: `x${n}` }, msg: 'x' };
        answers.push(
          await own.api.post(pathname, alert),
          await sender.send({ title: 'x', description: 'x' }),
        );
      }
      const refused = answers.filter(({ status }) => status === 429 || status === 503).length;
      expect(refused).toBeGreaterThan(1);
      expect(await counted()).toEqual([refused, 0]);

      proxy.close();
      expect(await other.send({ title: 'x', description: 'x' })).toMatchObject({ status: 503 });
      expect(await counted()).toEqual([refused, 1]);
    } finally {
      await stop();
    }
  });

  it('come without those of the database while PostgreSQL is silent, and the server is not ready', async () => {
    const { server: silent, proxy, stop } = await serverBehindProxy();
    try {
      proxy.cut();
      // As long as Prometheus waits by default.
      const ask = (path: string) => fetch(silent.url + path, { signal: AbortSignal.timeout(10_000) });
      await until('the cached figures have expired', async () => {
        const text = await (await ask('/metrics')).text();
        expect(text).toMatch(/^causeflow_process_resident_bytes \d+$/m);
        return !/^causeflow_relay_backlog_events \d+$/m.test(text);
      });
      expect((await ask('/health/ready')).status).toBe(503);
      expect((await ask('/health/live')).status).toBe(200);
    } finally {
      await stop();
    }
  });

  it('time requests by route template, not by path', async () => {
    const route = 'method="GET",route="/v1/incidents/:incidentId",status="404"';
    for (const id of ['inc_1', 'inc_2', 'inc_3']) await tenant.api.get(`/v1/incidents/${id}`);
    await tenant.api.get('/no/such/address');
    const samples = await scrape(server.url);
    expect(samples.get(`causeflow_http_request_duration_seconds_count{${route}}`)).toBe(3);
    expect(samples.get(`causeflow_http_request_duration_seconds_bucket{${route},le="+Inf"}`)).toBe(3);
    expect([...samples.keys()].join('\n')).not.toMatch(/inc_1|no\/such/);
  });

  it('are all documented in docs/operations.md', async () => {
    const documentation = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const { body } = await new Api(server.url).get<string>('/metrics');
    const families = [...body.matchAll(/^# TYPE (causeflow_\w+) (\w+)$/gm)];
    expect(families.length).toBeGreaterThan(10);
    for (const [, name = '', type] of families)
      expect(documentation).toMatch(new RegExp(`\`${name}${type === 'counter' ? '_total' : ''}[{\`]`));
  });

  it('report the number of open streams', async () => {
    const open = async (): Promise<number | undefined> =>
      (await scrape(server.url)).get('causeflow_event_streams_open');
    const stream = await EventStream.open(tenant.api);
    await until('it is counted', async () => (await open()) === 1);
    stream.close();
    await until('it is closed', async () => (await open()) === 0);
  });

  it('report the job queue', async () => {
    const enqueue = (spec: object): Promise<unknown> =>
      sql(server.database.url, 'SELECT enqueue_jobs($1)', [JSON.stringify([spec])]);
    // No handler has this name, so the job waits for ever.
    const payload = {};
    await enqueue({ identifier: 'nobody-does', payload, run_at: '2020-01-01T00:00:00Z' });
    await enqueue({ identifier: 'nobody-does', payload, run_at: '2090-01-01T00:00:00Z' });
    await until('they are counted', async () => {
      const samples = await scrape(server.url);
      expect(samples.get('causeflow_jobs{task="nobody-does",state="waiting"}')).toBe(1);
      expect(samples.get('causeflow_jobs{task="nobody-does",state="scheduled"}')).toBe(1);
      expect(samples.get('causeflow_jobs_oldest_waiting_seconds{task="nobody-does"}')).toBeGreaterThan(1e8);
      return true;
    });
  });

  it('need the token when one is set, and have no rate limit', async () => {
    const guarded = await TestServer.start({
      env: { METRICS_TOKEN: 'scraper-s-word', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1' },
    });
    const ask = (authorization?: string) =>
      new Api(guarded.url).get('/metrics', { headers: authorization === undefined ? {} : { authorization } });
    expect(await ask()).toMatchObject({ status: 401, body: { error: 'unauthorized' } });
    expect(await ask('Bearer scraper-s-wort')).toMatchObject({ status: 401 });
    expect(await ask(`Bearer ${tenant.api.token ?? ''}`)).toMatchObject({ status: 401 });
    expect(await ask('Bearer scraper-s-word')).toMatchObject({ status: 200 });
    await guarded.stop();
  });
});
