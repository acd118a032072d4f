import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ended, evidenceOf, openIncident } from '../investigation/cases.js';
import { newTenant, type TenantUser } from '../support/api.js';
import { Prometheus, programOnPath } from '../support/prometheus.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const program = programOnPath('prometheus');
if (program === undefined)
  process.stderr.write('\nSKIPPED: there is no prometheus on the PATH (Debian: apt install prometheus).\n\n');

const SCRAPES = 14;

/** A service with twenty requests per second, until its connection pool is exhausted. */
class Checkout {
  broken = false;
  private readonly served = { ok: 0, failed: 0, seconds: 0 };
  private readonly work: NodeJS.Timeout;

  private constructor(private readonly server: Server) {
    this.work = setInterval(() => {
      if (this.broken) this.served.failed += 1;
      else this.served.ok += 1;
      this.served.seconds += this.broken ? 2 : 0.05;
    }, 50);
  }

  static async start(): Promise<Checkout> {
    const server = createServer((_, response) => response.end(checkout.metrics()));
    const checkout = new Checkout(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return checkout;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    clearInterval(this.work);
    this.server.closeAllConnections();
    this.server.close();
  }

  private metrics(): string {
    const { ok, failed, seconds } = this.served;
    return [
      '# TYPE http_requests_total counter',
      `http_requests_total{code="200"} ${ok}`,
      `http_requests_total{code="500"} ${failed}`,
      '# TYPE http_request_duration_seconds summary',
      `http_request_duration_seconds_sum ${seconds}`,
      `http_request_duration_seconds_count ${ok + failed}`,
      '# TYPE db_pool_connections_in_use gauge',
      `db_pool_connections_in_use ${this.broken ? 50 : 4}`,
      '# TYPE cache_hit_ratio gauge',
      'cache_hit_ratio NaN',
      '',
    ].join('\n');
  }
}

(program === undefined ? describe.skip : describe)('a real Prometheus', () => {
  let server: TestServer;
  let checkout: Checkout;
  let prometheus: Prometheus;
  let tenant: TenantUser;

  beforeAll(async () => {
    [server, checkout] = await Promise.all([TestServer.start(), Checkout.start()]);
    prometheus = await Prometheus.start(program ?? '', { checkout: checkout.address });
    tenant = await newTenant(server.url);
  });
  afterAll(async () => {
    checkout.stop();
    await prometheus.stop();
    await server.stop();
  });

  const scraped = (value: number) =>
    until(
      `${SCRAPES} scrapes have the value ${value}`,
      async () =>
        (await prometheus.values('db_pool_connections_in_use[10m]')).filter((sample) => sample === value)
          .length >= SCRAPES,
    );

  it('is queried about the failing service, and the root cause cites its series', async () => {
    const connected = await tenant.api.post('/v1/integrations/prometheus/connect', {
      config: { url: prometheus.url },
      credentials: {},
    });
    expect(connected).toMatchObject({ status: 201, body: { capabilities: ['evidence'] } });
    await scraped(4);
    checkout.broken = true;
    await scraped(50);
    const alert = {
      title: 'High error rate on checkout',
      description: 'More than 5 % of the requests fail.',
      severity: 'high',
      service: 'checkout',
    };
    const incidentId = await openIncident(tenant, alert);
    const run = await ended(tenant, incidentId);
    expect(run).toMatchObject({ rootCause: expect.stringContaining('db_pool_connections_in_use') });
    const evidence = await evidenceOf(tenant, incidentId);
    const metrics = evidence.filter(({ type, source }) => type === 'metric' && source === 'prometheus');
    const evidenceOfMetric = (metric: string) =>
      metrics.find(({ content }) => content.includes(`"metric":"${metric}"`));
    expect(evidenceOfMetric('http_requests_rate')).toBeDefined();
    expect(evidenceOfMetric('http_requests_error_ratio')).toBeDefined();
    expect(evidenceOfMetric('http_request_duration_seconds_mean')).toBeDefined();
    const pool = evidenceOfMetric('db_pool_connections_in_use');
    const [best] = run.hypotheses;
    expect(best?.status).toBe('supported');
    expect(best?.supportedBy).toContain(pool?.evidenceId);
    expect(pool).toMatchObject({
      query: expect.stringContaining('sum(db_pool_connections_in_use{job="checkout"}) from '),
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('reports a service without metrics', async () => {
    const incidentId = await openIncident(tenant, {
      title: 'High error rate on billing',
      description: 'More than 5 % of the requests fail.',
      severity: 'high',
      service: 'billing',
    });
    const run = await ended(tenant, incidentId);
    expect(run.missingEvidence).toContain(
      'Prometheus: there is no metric whose service, service_name, app, application, component, container, job is billing.',
    );
  });

  it('is not queried for another tenant', async () => {
    const stranger = await newTenant(server.url);
    const incidentId = await openIncident(stranger, {
      title: 'High error rate on checkout',
      description: 'More than 5 % of the requests fail.',
      severity: 'high',
      service: 'checkout',
    });
    const run = await ended(stranger, incidentId);
    expect(run.status).toBe('inconclusive');
    expect((await evidenceOf(stranger, incidentId)).map(({ source }) => source)).not.toContain('prometheus');
  });
});
