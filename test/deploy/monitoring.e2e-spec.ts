import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALERT, ended, sendAlert } from '../investigation/cases.js';
import { Api, newTenant } from '../support/api.js';
import { sql } from '../support/database.js';
import { alertRules, panelQueries, type Query } from '../support/monitoring.js';
import { Prometheus, programOnPath } from '../support/prometheus.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** Added by Prometheus. */
const TARGET_LABELS = ['job', 'instance'];
const program = programOnPath('prometheus');
const ruleQueries = alertRules().map(({ alert, expr }) => ({ of: alert, expr }));

let server: TestServer;
let series: Series[];

beforeAll(async () => {
  server = await TestServer.start();
  const tenant = await newTenant(server.url);
  const incidentId = await sendAlert(tenant, ALERT);
  await ended(tenant, incidentId);
  // These stay: no handler has the job's name, and no job admits the investigation.
  await sql(server.database.url, 'SELECT enqueue_jobs($1)', [
    JSON.stringify([{ identifier: 'nobody-does', payload: {}, run_at: '2020-01-01T00:00:00Z' }]),
  ]);
  await sql(
    server.database.url,
    `INSERT INTO investigations (tenant_id, investigation_id, incident_id, status, trigger, steps, queued_at)
     VALUES ($1, 'inv_1', 'inc_1', 'queued', 'triage', '[]', now())`,
    [tenant.tenantId],
    tenant.tenantId,
  );
  series = await until('both are counted', async () => {
    const found = seriesOf((await new Api(server.url).get<string>('/metrics')).body);
    const names = new Set(found.map(({ name }) => name));
    return names.has('causeflow_jobs') && names.has('causeflow_investigations') && found;
  });
});
afterAll(() => server.stop());

function seriesOf(metrics: string): Series[] {
  return [...metrics.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)].map(([, name = '', labels = '']) => ({
    name,
    labels: new Map([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
  }));
}

/** The selectors of a query, such as `causeflow_jobs{state="failed"}`, and the labels that it groups by. */
function partsOf(expr: string): { selectors: { name: string; matchers: string }[]; groupedBy: string[] } {
  const selectors = [...expr.matchAll(/\b((?:causeflow|process|nodejs)_\w+|up\b)(?:\{([^}]*)\})?/g)];
  const groups = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)];
  return {
    selectors: selectors.map(([, name = '', matchers = '']) => ({ name, matchers })),
    groupedBy: groups.flatMap(([, labels = '']) => labels.split(', ')),
  };
}

function selects(matchers: string, { labels }: Series): boolean {
  return [...matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].every(
    ([, label = '', operator, value = '']) => {
      if (TARGET_LABELS.includes(label)) return true;
      const actual = labels.get(label);
      // A server in good order answers with no status of its own failures.
      if (label === 'status') return actual !== undefined;
      const matches = operator?.includes('~') ? new RegExp(`^(${value})$`) : value;
      const isEqual = matches instanceof RegExp ? matches.test(actual ?? '') : matches === actual;
      return isEqual !== operator?.startsWith('!');
    },
  );
}

it.each<Query>([...ruleQueries, ...panelQueries()])(
  '$of asks for series that the server has: $expr',
  ({ expr }) => {
    const { selectors, groupedBy } = partsOf(expr);
    expect(selectors).not.toEqual([]);
    const known = new Set(TARGET_LABELS);
    for (const { name, matchers } of selectors) {
      if (name === 'up') continue;
      const selected = series.filter((each) => each.name === name && selects(matchers, each));
      expect([name, matchers, selected.length > 0]).toEqual([name, matchers, true]);
      for (const { labels } of selected) for (const label of labels.keys()) known.add(label);
    }
    expect(groupedBy.filter((label) => !known.has(label))).toEqual([]);
  },
);

// Debian: apt install prometheus
(program === undefined ? describe.skip : describe)('a real Prometheus', () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await Prometheus.start(program ?? '', { causeflow: new URL(server.url).host });
  });
  afterAll(() => prometheus.stop());

  it.each(panelQueries())('has something to draw for $of: $expr', async ({ expr }) => {
    const drawn = () => prometheus.values(`(${expr})[10s:1s]`);
    await until('it has scraped twice', async () => (await drawn()).length > 0);
  });
});
