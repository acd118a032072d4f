import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, type Answer, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const ALERT = { title: 'High error rate on payment-service', description: '5xx above 5% for three minutes.' };

let one: TestServer;
let two: TestServer;
let tenant: TenantUser;
let sender: AlertSender;
beforeAll(async () => {
  one = await TestServer.start();
  two = await TestServer.start({ database: one.database });
  tenant = await newTenant(one.url);
  sender = await AlertSender.of(tenant);
});
afterAll(async () => {
  await two.stop();
  await one.stop();
});

/** The number of alerts that this replica has sent to the database. */
async function alertsWritten({ url }: TestServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^causeflow_ingest_batch_alerts_sum (\d+)$/m.exec(text)?.[1] ?? NaN);
}

async function untilCounted(incidentId: string, alerts: number, of = tenant): Promise<void> {
  const path = `/v1/incidents/${incidentId}`;
  await until(
    'the duplicates are counted',
    async () => (await of.api.get(path)).body['alertCount'] === alerts,
  );
  const [row] = await sql<{ duplicates: string }>(
    one.database.url,
    'SELECT duplicates FROM alerts WHERE incident_id = $1',
    [incidentId],
    of.tenantId,
  );
  expect(Number(row?.duplicates)).toBe(alerts - 1);
}

describe('an alert that is sent again', () => {
  it('is accepted by one of two replicas, refused by both from then on, and counted exactly', async () => {
    const replicas = [one, two].map(({ url }) => sender.on(url));
    const storm = (): Promise<Awaited<ReturnType<AlertSender['send']>>[]> =>
      Promise.all(
        Array.from({ length: 50 }, (_, n) => {
          const replica = replicas[n % 2] ?? sender;
          return replica.send({ ...ALERT, sourceAlertId: 'storm' });
        }),
      );
    const answers = [...(await storm()), ...(await storm())];
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 409);
    expect([accepted.length, refused.length]).toEqual([1, 99]);
    const incidentId = accepted[0]?.body['incidentId'] ?? '';
    for (const { body } of refused) {
      expect(body).toEqual({
        error: 'duplicate_alert',
        message: "An incident with sourceAlertId 'storm' already exists.",
        incidentId,
        requestId: expect.any(String),
      });
    }
    await untilCounted(incidentId, 100);
  });

  it('is refused without a query for each', async () => {
    const first = await sender.send({ ...ALERT, sourceAlertId: 'known' });
    const again: Answer<Record<string, string>>[] = [];
    // It is remembered for a few seconds, which may be too short on a crowded machine.
    await until('twenty in a row cost no query', async () => {
      const before = await alertsWritten(one);
      const row = Array.from({ length: 20 }, () => sender.send({ ...ALERT, sourceAlertId: 'known' }));
      again.push(...(await Promise.all(row)));
      return (await alertsWritten(one)) === before;
    });
    expect(again.map(({ status, body }) => [status, body['incidentId']])).toEqual(
      again.map(() => [409, first.body['incidentId']]),
    );
    await untilCounted(first.body['incidentId'] ?? '', 1 + again.length);
  });

  it('is not logged, unlike other refusals', async () => {
    const duplicate = { ...ALERT, sourceAlertId: 'quiet' };
    await sender.send(duplicate);
    expect((await sender.send(duplicate, { 'x-request-id': 'a-duplicate' })).status).toBe(409);
    expect((await sender.send('{}', { 'x-request-id': 'a-refusal' })).status).toBe(400);
    await until('the refusal has its line', () => one.log.includes('a-refusal'));
    expect(one.log).not.toContain('a-duplicate');
  });

  it('is new for another tenant, even while it is cached for the first', async () => {
    const other = await newTenant(one.url);
    const theirs = await AlertSender.of(other);
    const ours = await sender.send({ ...ALERT, sourceAlertId: 'shared' });
    expect((await sender.send({ ...ALERT, sourceAlertId: 'shared' })).status).toBe(409);
    const answers = [
      await theirs.send({ ...ALERT, sourceAlertId: 'shared' }),
      await theirs.send({ ...ALERT, sourceAlertId: 'shared' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 409]);
    expect(answers[1]?.body['incidentId']).toBe(answers[0]?.body['incidentId']);
    expect(answers[0]?.body['incidentId']).not.toBe(ours.body['incidentId']);
    await untilCounted(answers[0]?.body['incidentId'] ?? '', 2, other);
  });

  it('is counted later if the database refuses the update', async () => {
    const { url } = one.database;
    const { body } = await sender.send({ ...ALERT, sourceAlertId: 'later' });
    const again = async (): Promise<void> => {
      expect((await sender.send({ ...ALERT, sourceAlertId: 'later' })).status).toBe(409);
    };
    await sql(url, 'REVOKE UPDATE ON alerts FROM causeflow_app');
    try {
      await again();
      await until('the flush has failed', () => one.log.includes('Duplicate counts not yet written'));
      await again();
    } finally {
      await sql(url, 'GRANT UPDATE ON alerts TO causeflow_app');
    }
    await untilCounted(body['incidentId'] ?? '', 3);
  });
});
