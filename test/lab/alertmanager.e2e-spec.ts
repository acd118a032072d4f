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
const isInstalled = !programs.includes(undefined);
if (!isInstalled)
  process.stderr.write(
    '\nSKIPPED: prometheus and prometheus-alertmanager are required (Debian: apt install prometheus prometheus-alertmanager).\n\n',
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

interface IncidentList {
  readonly items: { incidentId: string; service: string; status: string }[];
}

(isInstalled ? describe : describe.skip)('a fault in a shop that a real Prometheus monitors', () => {
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
  });
  afterAll(async () => {
    shop.stop();
    await Promise.all([prometheus.stop(), alertmanager.stop()]);
    await server.stop();
  });

  const incidents = async () => (await tenant.api.get<IncidentList>('/v1/incidents')).body.items;

  it('is reported by a real Alertmanager, found in the metrics, and resolved by it', async () => {
    await until(
      'there is a baseline',
      async () => (await prometheus.values('up[5m]')).length >= BASELINE_SCRAPES,
    );
    shop.break(FAULTY);
    const incident = await until('the storefront has an incident', async () =>
      (await incidents()).find(({ service }) => service === 'storefront'),
    );
    const run = await ended(tenant, incident.incidentId);
    expect(['identified', 'probable']).toContain(run.outcome);
    expect(run.rootCause).toContain(FAULTY);
    const [best] = run.hypotheses;
    expect(best?.status).toBe('supported');
    const cited = (await evidenceOf(tenant, incident.incidentId)).filter(({ evidenceId }) =>
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
    await until('all incidents are resolved', async () =>
      (await incidents()).every(({ status }) => status === 'resolved'),
    );
    expect(await incidentStatus(tenant, incident.incidentId)).toBe('resolved');
  });
});
