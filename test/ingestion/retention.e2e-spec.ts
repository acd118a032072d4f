import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { setStatus } from '../knowledge/resolved-incidents.js';
import { arrived, connect, notify } from '../integrations/chat.js';
import { proposedPlan, post as decide } from '../remediation/plan.js';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { untilIdle } from '../support/idle.js';
import { FakeSlack } from '../support/slack.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const DAYS = 30;

let server: TestServer;
let tenant: TenantUser;
let other: TenantUser;

beforeAll(async () => {
  server = await TestServer.start({ env: { INCIDENT_RETENTION_DAYS: String(DAYS) } });
  [tenant, other] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
});
afterAll(() => server.stop());

const inTenant = <R extends object>(
  text: string,
  parameters: unknown[],
  { tenantId }: TenantUser = tenant,
): Promise<R[]> => sql<R>(server.database.url, text, parameters, tenantId);

/** Moves all that the incident remembers of time. */
async function age(incidentId: string, days: number, whose = tenant): Promise<void> {
  const moved = await inTenant(
    `WITH aged AS (UPDATE alerts SET last_seen_at = now() - make_interval(days => $2) WHERE incident_id = $1)
     UPDATE incidents SET updated_at = now() - make_interval(days => $2) WHERE incident_id = $1 RETURNING 1`,
    [incidentId, days],
    whose,
  );
  expect(moved).toHaveLength(1);
}

/** Triage would make an aged incident young again. */
function triaged(whose = tenant): Promise<unknown> {
  return until('triage is over', async () => {
    const rows = await inTenant(`SELECT FROM incidents WHERE status = 'triaging'`, [], whose);
    return rows.length === 0;
  });
}

const statusOf = async (incidentId: string, { api }: TenantUser = tenant): Promise<number> =>
  (await api.get(`/v1/incidents/${incidentId}`)).status;

/** Runs the chore, and waits until every module has heard what it deleted. */
async function deleteOldIncidents(): Promise<void> {
  const [job] = await inTenant<{ id: string }>(
    `SELECT (graphile_worker.add_job('delete-old-incidents')).id`,
    [],
  );
  await until('the chore has run', async () => {
    const left = await inTenant('SELECT FROM graphile_worker.jobs WHERE id = $1', [job?.id]);
    return left.length === 0;
  });
  for (const whose of [tenant, other])
    await until('the relay has caught up', async () => {
      const behind = await inTenant('SELECT FROM event_stream WHERE relayed < seq', [], whose);
      return behind.length === 0;
    });
}

/** Tables, other than the event log, in which a row holds one of these texts. */
async function tablesHolding(texts: readonly string[]): Promise<string[]> {
  const tables = await inTenant<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition`,
    [],
  );
  const holding = await Promise.all(
    tables.map(async ({ name }) => {
      const rows = await inTenant(
        `SELECT FROM ${name} AS r WHERE r::text LIKE ANY (SELECT '%' || t || '%' FROM unnest($1::text[]) AS t) LIMIT 1`,
        [texts],
      );
      return rows.length > 0 ? [name] : [];
    }),
  );
  return holding.flat().sort();
}

/** Holds the incident's row in this table as a change to it does. */
async function lock(incidentId: string, table = 'incidents'): Promise<() => Promise<void>> {
  const holder = new pg.Client({ connectionString: server.database.url });
  await holder.connect();
  await holder.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenant.tenantId]);
  await holder.query('BEGIN');
  const { rowCount } = await holder.query(`SELECT FROM ${table} WHERE incident_id = $1 FOR UPDATE`, [
    incidentId,
  ]);
  expect(rowCount).toBe(1);
  return () => holder.end();
}

const idsIn = (value: unknown): string[] => [
  ...new Set(JSON.stringify(value).match(/(?:inc|inv|rem|apr|evd|hyp|note)_[0-9A-Z]{26}/g)),
];

describe('an incident without a change for longer than its retention', () => {
  it('is deleted with all that any module stores about it', async () => {
    const { api } = tenant;
    const slack = await FakeSlack.start();
    const trigger = await notify(tenant, await connect(slack, tenant), 'incident.created');
    const plan = await proposedPlan(tenant);
    const { incidentId } = plan;
    await arrived(slack, 1);
    await untilIdle(server.database, tenant.tenantId);
    await api.delete(`/v1/triggers/${String(trigger.body['triggerId'])}`);
    await slack.stop();
    for (const [path, body] of [
      [`/v1/incidents/${incidentId}/evidence`, { type: 'note', source: 'me', content: 'a note' }],
      [`/v1/investigation/${incidentId}/context`, { context: 'It was the deploy' }],
      [`/v1/investigation/${incidentId}/feedback`, { rating: 5, rootCauseAccurate: true }],
    ] as const)
      expect((await api.post(path, body)).status).toBeLessThan(300);
    expect((await decide(tenant, plan, 'reject', { reason: 'by hand' })).status).toBe(200);
    await setStatus(tenant, incidentId, 'resolved');
    const [pattern] = await until('a pattern is learned', async () => {
      const { body } = await api.get<{ items: { patternId: string }[] }>('/v1/knowledge');
      return body.items.length > 0 && body.items;
    });
    await api.post('/v1/knowledge/feedback', { incidentId, type: 'confirm_rca' });
    const runs = await inTenant('SELECT investigation_id FROM investigations', []);
    const evidence = await inTenant('SELECT evidence_id FROM incident_evidence', []);
    const texts = idsIn([plan, runs, evidence]);
    expect(await tablesHolding(texts)).toEqual(
      expect.arrayContaining([
        ...[
          'approvals',
          'chat_threads',
          'context_notes',
          'findings',
          'finding_citations',
          'hypotheses',
          'incident_evidence',
        ],
        ...['incident_evidence_chunks', 'incidents', 'investigation_evidence', 'investigation_feedback'],
        ...['investigations', 'pattern_feedback', 'pattern_sightings', 'remediations', 'triages'],
      ]),
    );

    await age(incidentId, DAYS + 1);
    await deleteOldIncidents();
    expect(await statusOf(incidentId)).toBe(404);
    expect(await tablesHolding(texts)).toEqual([]);
    expect((await api.get(`/v1/knowledge/${String(pattern?.patternId)}`)).status).toBe(200);
  });

  it('of another tenant is found as well, and only old ones are', async () => {
    const incidents = await Promise.all(
      [tenant, other].map(async (whose) => {
        const sender = await AlertSender.of(whose);
        const ids = ['old', 'young'].map(async (sourceAlertId) => {
          const { body } = await sender.send({
            title: 'x', description: 'x', severity: 'info', sourceAlertId,
          }); // prettier-ignore
          return body['incidentId'] ?? '';
        });
        const [old = '', young = ''] = await Promise.all(ids);
        await triaged(whose);
        await age(old, DAYS + 1, whose);
        await age(young, DAYS - 1, whose);
        return { whose, sender, old, young };
      }),
    );
    await deleteOldIncidents();
    for (const { whose, sender, old, young } of incidents) {
      expect([await statusOf(old, whose), await statusOf(young, whose)]).toEqual([404, 200]);
      const again = await until('its repeats are no longer answered from memory', async () => {
        const answer = await sender.send({
          title: 'x',
          description: 'x',
          severity: 'info',
          sourceAlertId: 'old',
        });
        return answer.status === 202 && answer;
      });
      expect(again.body['incidentId']).not.toBe(old);
    }
  });

  it('stays while its alert repeats or is being counted, while it is investigated and while it is being changed', async () => {
    const sender = await AlertSender.of(tenant);
    const send = async (sourceAlertId: string): Promise<string> => {
      const { body } = await sender.send({ title: 'x', description: 'x', severity: 'info', sourceAlertId });
      return body['incidentId'] ?? '';
    };
    const [repeating, investigated] = [await send('r'), await send('i')];
    const [locked, counted] = [await send('l'), await send('c')];
    await triaged();
    for (const incidentId of [repeating, investigated, locked, counted]) await age(incidentId, DAYS + 1);
    await inTenant(`UPDATE alerts SET last_seen_at = now() WHERE incident_id = $1`, [repeating]);
    await inTenant(`UPDATE incidents SET status = 'investigating' WHERE incident_id = $1`, [investigated]);
    const locks = [await lock(locked), await lock(counted, 'alerts')];
    await deleteOldIncidents().finally(() => Promise.all(locks.map((letGo) => letGo())));
    for (const incidentId of [repeating, investigated, locked, counted])
      expect(await statusOf(incidentId)).toBe(200);
    await deleteOldIncidents();
    expect([await statusOf(locked), await statusOf(counted)]).toEqual([404, 404]);
  });

  it('of one tenant that cannot be deleted delays no other tenant, and is tried again', async () => {
    const tenants = [tenant, other].toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
    const incidents = await Promise.all(
      tenants.map(async (whose) => {
        const { body } = await whose.api.post('/v1/incidents', {
          title: 'x',
          description: 'x',
          severity: 'info',
        });
        await triaged(whose);
        await age(String(body['incidentId']), DAYS + 1, whose);
        return { whose, incidentId: String(body['incidentId']) };
      }),
    );
    const [first, second] = incidents;
    await inTenant(
      `CREATE FUNCTION refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$`,
      [],
    );
    await inTenant(
      `CREATE TRIGGER refuse BEFORE DELETE ON incidents FOR EACH ROW
         WHEN (OLD.incident_id = '${String(first?.incidentId)}') EXECUTE FUNCTION refuse_deletion()`,
      [],
    );
    const statuses = (): Promise<number[]> =>
      Promise.all(incidents.map(({ whose, incidentId }) => statusOf(incidentId, whose)));
    await inTenant(`SELECT graphile_worker.add_job('delete-old-incidents')`, []);
    await until('the other tenant is served', async () => (await statuses())[1] === 404);
    expect(await statuses()).toEqual([200, 404]);
    const refusal = `Cannot delete old incidents of ${String(first?.whose.tenantId)}`;
    await until('the refusal is in the log', () => server.log.includes(refusal));
    expect(server.log).not.toContain(`Cannot delete old incidents of ${String(second?.whose.tenantId)}`);
    await inTenant('DROP FUNCTION refuse_deletion() CASCADE', []);
    await until('the retry has deleted it', async () => (await statuses())[0] === 404);
  });

  it('leaves the body that it shares with others until the last of them goes', async () => {
    const { body: integration } = await tenant.api.post<{ ingestUrl: string }>(
      '/v1/integrations/alertmanager/connect',
      {},
    );
    const { origin, pathname } = new URL(integration.ingestUrl);
    const alerts = ['one', 'two'].map((fingerprint) => ({
      status: 'firing',
      labels: { alertname: 'Full', severity: 'info' },
      annotations: {},
      startsAt: '2026-03-01T12:00:00Z',
      fingerprint,
    }));
    const { body } = await new Api(origin).post<{ incidents: { incidentId: string }[] }>(
      pathname,
      JSON.stringify({ version: '4', status: 'firing', alerts }),
      { headers: { 'content-type': 'application/json' } },
    );
    const [first = '', second = ''] = body.incidents.map(({ incidentId }) => incidentId);
    const bodies = (): Promise<object[]> => inTenant('SELECT FROM alert_bodies', []);
    expect(await bodies()).toHaveLength(1);
    await triaged();
    await age(first, DAYS + 1);
    await deleteOldIncidents();
    expect(await statusOf(first)).toBe(404);
    const { body: listed } = await tenant.api.get<{ items: { raw: string }[] }>(
      `/v1/incidents/${second}/alerts`,
    );
    expect(listed.items[0]?.raw).toContain('"fingerprint":"two"');
    await age(second, DAYS + 1);
    await deleteOldIncidents();
    expect(await bodies()).toHaveLength(0);
  });
});
