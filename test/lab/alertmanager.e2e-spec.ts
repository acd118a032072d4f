import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ended, evidenceOf, incidentStatus } from '../investigation/cases.js';
import { Alertmanager } from '../support/alertmanager.js';
import { newTenant, type TenantUser } from '../support/api.js';
import { Prometheus, programOnPath } from '../support/prometheus.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Shop } from './shop.js';

const programs = ['prometheus', 'prometheus-alertmanager'].map(programOnPath);
const [prometheusProgram, alertmanagerProgram] = programs;
const isHere = !programs.includes(undefined);
if (!isHere)
  process.stderr.write(
    '\nSKIPPED: Debian’s prometheus and prometheus-alertmanager are not both on the PATH.\n\n',
  );

const FAULTY = 'pricing';
const BASELINE_SCRAPES = 30;

const RULE = {
  alert: 'TooManyErrors',
  expr: 'sum by (service) (rate(http_requests_total{code="500"}[10s])) / sum by (service) (rate(http_requests_total[10s])) > 0.1',
  for: '10s',
  labels: { severity: 'critical' },
  annotations: { summary: 'More than 10 % of the requests to {{ $labels.service }} fail' },
};

interface Listed {
  readonly items: { incidentId: string; service: string; status: string }[];
}

(isHere ? describe : describe.skip)('a fault in a shop that a real Prometheus watches', () => {
  let server: TestServer;
  let shop: Shop;
  let alertmanager: Alertmanager;
  let prometheus: Prometheus;
  let tenant: TenantUser;

  beforeAll(async () => {
    [server, shop] = await Promise.all([TestServer.start(), Shop.start()]);
    tenant = await newTenant(server.url);
    const connected = await tenant.api.post<{ ingestUrl: string }>('/v1/integrations/alertmanager/connect');
    alertmanager = await Alertmanager.start(alertmanagerProgram ?? '', connected.body.ingestUrl);
    prometheus = await Prometheus.start(
      prometheusProgram ?? '',
      { shop: shop.address },
      { rules: [RULE], alertmanager: alertmanager.address },
    );
    const { status } = await tenant.api.post('/v1/integrations/prometheus/connect', {
      config: { url: prometheus.url },
    });
    expect(status).toBe(201);
  }, 60_000);
  afterAll(async () => {
    shop.stop();
    await Promise.all([prometheus.stop(), alertmanager.stop()]);
    await server.stop();
  });

  const incidents = async () => (await tenant.api.get<Listed>('/v1/incidents')).body.items;

  it('comes in by a real Alertmanager, is found by its series, and is over when they say so', async () => {
    await until(
      'there is something to compare with',
      async () => (await prometheus.values('up[5m]')).length >= BASELINE_SCRAPES,
      60,
    );
    shop.break(FAULTY);
    const front = await until(
      'the front of the shop has an incident',
      async () => (await incidents()).find(({ service }) => service === 'storefront'),
      60,
    );
    const run = await ended(tenant, front.incidentId);
    expect(['identified', 'probable']).toContain(run.outcome);
    expect(run.rootCause).toContain(FAULTY);
    const [best] = run.hypotheses;
    expect(best?.status).toBe('supported');
    const cited = (await evidenceOf(tenant, front.incidentId)).filter(({ evidenceId }) =>
      best?.supportedBy.includes(evidenceId),
    );
    expect(cited).toContainEqual(
      expect.objectContaining({
        type: 'metric',
        source: 'prometheus',
        query: expect.stringMatching(/^.*rate\(\w+\{service.* from \S+Z to \S+Z$/),
        content: expect.stringContaining(`"entity":"${FAULTY}"`),
      }),
    );

    shop.break(FAULTY, false);
    await until(
      'every incident is over',
      async () => (await incidents()).every(({ status }) => status === 'resolved'),
      60,
    );
    expect(await incidentStatus(tenant, front.incidentId)).toBe('resolved');
  }, 180_000);
});
