import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { ended, evidenceOf, start, statusIs } from './cases.js';

interface Alert {
  readonly service?: string;
  readonly title: string;
  readonly tags?: Readonly<Record<string, string>>;
}

const SERVICES = ['gateway', 'cart', 'checkout', 'payment', 'shipping', 'search', 'profile', 'store'];
const about = (service: string, ...titles: string[]): Alert[] => titles.map((title) => ({ service, title }));
/** Alerts that fire in every storm; twice as many for the gateway, through which all requests go. */
const usual = (value: number): Alert[] => [
  ...SERVICES.flatMap((service) =>
    about(service, `p99 at ${value} ms`, `Requests down by ${value} %`, `Saturation at ${value} %`),
  ),
  ...about('gateway', `Retries at ${value}/s`, `Queue of ${value} requests`, `Cache misses at ${value} %`),
];
const UNUSUAL = about(
  'store',
  'Replay of the journal behind by 40 s',
  'Compaction at 99 %',
  'Checkpoints every 2 s',
);

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** A tenant in which no investigation starts automatically. */
async function quietTenant(): Promise<TenantUser> {
  const tenant = await newTenant(server.url);
  const settings = { autoInvestigateMinSeverity: 'critical' };
  expect((await tenant.api.patch(`/v1/tenants/${tenant.tenantId}`, { settings })).status).toBe(200);
  return tenant;
}

const ask = <Row extends object>({ tenantId }: TenantUser, text: string, parameters: unknown[] = []) =>
  sql<Row>(server.database.url, text, parameters, tenantId);

/** @returns the incident of the first alert, after all were triaged, since triage updates the alert history */
async function storm(tenant: TenantUser, alerts: readonly Alert[]): Promise<string> {
  const sender = await AlertSender.of(tenant);
  const ids = await Promise.all(
    alerts.map(async (alert) => {
      const { status, body } = await sender.send({
        ...alert,
        description: 'above its threshold',
        severity: 'low',
      });
      expect(status).toBe(202);
      return body['incidentId'] ?? '';
    }),
  );
  await Promise.all(ids.map((id) => statusIs(tenant, id, 'open')));
  return ids[0] ?? '';
}

/** Moves the alert history two hours into the past. */
async function twoHoursPass(tenant: TenantUser): Promise<void> {
  await ask(tenant, 'UPDATE alert_history SET hours = ARRAY(SELECT hour - 2 FROM unnest(hours) AS hour)');
  await ask(tenant, 'DELETE FROM incidents');
}

describe('a storm of alerts', () => {
  it('is ranked by the frequencies in earlier storms, and cites the alerts of each entity', async () => {
    const tenant = await quietTenant();
    for (let past = 1; past <= 4; past += 1) {
      await storm(tenant, usual(100 * past));
      await twoHoursPass(tenant);
    }
    const incidentId = await storm(tenant, [...usual(999), ...UNUSUAL]);
    await start(tenant, incidentId);
    const run = await ended(tenant, incidentId);
    const step = run.steps.find(({ agentName }) => agentName === 'alert storm');
    expect(step?.findings[0]).toMatchObject({
      kind: 'unusual_alerts',
      statement: expect.stringMatching(
        /^store has 6 alerts, most unusual “.*” \(in 0 of [45] storms before\)/,
      ),
    });
    expect(run).toMatchObject({ outcome: 'probable', rootCause: expect.stringContaining('inside store') });
    const cited = step?.findings[0]?.evidenceIds ?? [];
    const evidence = (await evidenceOf(tenant, incidentId)).filter(({ source }) => source === 'alerts');
    expect(evidence).toHaveLength(SERVICES.length);
    expect(evidence.filter(({ evidenceId }) => cited.includes(evidenceId))).toMatchObject([
      {
        agentName: 'alert storm',
        summary: '6 alerts about store, of 6 kinds',
        content: expect.stringContaining('Replay of the journal'),
      },
    ]);
    expect(run.hypotheses[0]?.supportedBy).toEqual(cited);
    // A replay reads the stored evidence, whatever has arrived meanwhile.
    await storm(tenant, usual(5));
    expect(await tenant.api.get(`/v1/investigation/${incidentId}/replay`)).toMatchObject({ status: 200 });
  });

  it('distinguishes alerts about metrics, calls and log messages', async () => {
    const tenant = await quietTenant();
    const incidentId = await storm(tenant, [
      ...usual(100),
      ...about('store', 'Requests from cart to store are slow', 'store logged errors it never logged before'),
    ]);
    await start(tenant, incidentId);
    await ended(tenant, incidentId);
    const alerts = (await evidenceOf(tenant, incidentId)).filter(({ source }) => source === 'alerts');
    const ofStore = alerts.find(({ summary }) => summary.includes('about store'));
    expect(ofStore?.content).toContain('"about":"log"');
    expect(ofStore?.content).toContain('"about":"trace","caller":"cart"');
    expect(ofStore?.content).toContain('"about":"metric"');
    expect(alerts.filter(({ content }) => content.includes('"about":"trace"'))).toHaveLength(1);
  });

  it('supports no cause while too few storms are known, and reads no alerts of another tenant', async () => {
    const tenant = await quietTenant();
    const incidentId = await storm(tenant, [...usual(999), ...UNUSUAL]);
    await start(tenant, incidentId);
    const run = await ended(tenant, incidentId);
    expect(run).toMatchObject({ outcome: 'inconclusive', rootCause: null });
    const step = run.steps.find(({ agentName }) => agentName === 'alert storm');
    expect(step?.findings[0]?.statement).toContain('(in 0 of 0 storms before)');
    const stranger = await quietTenant();
    const own = await storm(stranger, usual(1).slice(0, 4));
    await start(stranger, own);
    await ended(stranger, own);
    expect((await evidenceOf(stranger, own)).filter(({ source }) => source === 'alerts')).toEqual([]);
    expect(await ask(stranger, 'SELECT FROM alert_history')).toHaveLength(5);
  });

  it('is limited to the entities with the most unusual alerts, and reports the rest as missing', async () => {
    const tenant = await quietTenant();
    const many = Array.from({ length: 31 }, (_, i) => about(`worker-${i}`, 'Lag is high')).flat();
    await storm(tenant, many);
    await twoHoursPass(tenant);
    await storm(tenant, many.slice(1));
    await twoHoursPass(tenant);
    const incidentId = await storm(tenant, many.toReversed());
    await start(tenant, incidentId);
    const { missingEvidence } = await ended(tenant, incidentId);
    expect(missingEvidence).toContain(
      'The alerts of 1 entity with more usual ones than the other 30 were not weighed.',
    );
    const summaries = (await evidenceOf(tenant, incidentId)).map(({ summary }) => summary);
    expect(summaries.filter((summary) => /^1 alert about worker-/.test(summary))).toHaveLength(30);
    expect(summaries).toContain('1 alert about worker-0, of 1 kind');
  });

  it('may contain an entity name that is too long', async () => {
    const tenant = await quietTenant();
    const host = `${'x'.repeat(511)}🔥`;
    const incidentId = await storm(tenant, [
      ...usual(100).slice(0, 9),
      { title: 'Lag is high', tags: { host } },
    ]);
    await start(tenant, incidentId);
    expect(await ended(tenant, incidentId)).toMatchObject({ failure: null, outcome: expect.any(String) });
    const summaries = (await evidenceOf(tenant, incidentId)).map(({ summary }) => summary);
    expect(summaries).toContain(`1 alert about ${'x'.repeat(511)}, of 1 kind`);
  });

  it('is counted once an hour for each kind, and expires', async () => {
    const tenant = await quietTenant();
    await storm(tenant, [...usual(1).slice(0, 2), ...usual(2).slice(0, 2)]);
    expect(await ask(tenant, 'SELECT FROM alert_history')).toHaveLength(3);
    await ask(
      tenant,
      `UPDATE alert_history SET hours = ARRAY(SELECT hours[1] - past FROM generate_series(1, 256) AS past)`,
    );
    await storm(tenant, usual(3).slice(0, 2));
    const kept = await ask<{ most: number; newest: boolean }>(
      tenant,
      `SELECT cardinality(hours) AS most, hours[1] >= floor(extract(epoch FROM now()) / 3600) - 1 AS newest
         FROM alert_history`,
    );
    expect(kept).toEqual(Array.from({ length: 3 }, () => ({ most: 256, newest: true })));
    await ask(tenant, `UPDATE alert_history SET last_day = current_date - 91 WHERE kind <> 'any'`);
    await ask(tenant, `SELECT graphile_worker.add_job('purge-expired')`);
    await until('kinds that did not fire for 90 days are deleted', async () => {
      const left = await ask<{ kind: string }>(tenant, 'SELECT kind FROM alert_history');
      return left.length === 1 && left[0]?.kind === 'any';
    });
  });

  it('is counted for a limited number of kinds, so that changing titles do not fill the table', async () => {
    const tenant = await quietTenant();
    await storm(tenant, about('store', 'Disk is slow'));
    await ask(
      tenant,
      `INSERT INTO alert_history
       SELECT $1, 'kind ' || place, '{1}', current_date FROM generate_series(1, 10000) AS place`,
      [tenant.tenantId],
    );
    await ask(tenant, 'UPDATE alert_history SET hours = ARRAY[1]');
    await storm(tenant, [...about('store', 'Disk is slow'), ...about('cart', 'Something new')]);
    const kinds = await ask<{ total: number; counted: number }>(
      tenant,
      `SELECT count(*)::integer AS total, (count(*) FILTER (WHERE cardinality(hours) > 1))::integer AS counted
         FROM alert_history`,
    );
    // Counted are the kind of the store and the one of all alerts; the new kind is not added.
    expect(kinds).toEqual([{ total: 10_002, counted: 2 }]);
  });
});
