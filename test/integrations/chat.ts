import type { TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import type { FakeSlack, Posted } from '../support/slack.js';
import type { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** @returns the id of a new integration */
export async function connect(slack: FakeSlack, { api }: TenantUser, body: object = {}): Promise<string> {
  const { status, body: connected } = await slack.connect(api, body);
  if (status !== 201) throw new Error(JSON.stringify(connected));
  return String(connected['integrationId']);
}

/** Creates a trigger that sends a message at each such event. */
export function notify({ api }: TenantUser, integrationId: string, event: string, more: object = {}) {
  return api.post('/v1/triggers', {
    name: 'Tell on-call',
    on: { event },
    action: 'notify',
    actionConfig: { integrationId },
    ...more,
  });
}

/** @returns the id of a new incident, too small to be investigated */
export async function incident({ api }: TenantUser, title: string): Promise<string> {
  const { status, body } = await api.post('/v1/incidents', { title, description: 'd', severity: 'info' });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return String(body['incidentId']);
}

export function arrived({ arrived: messages }: FakeSlack, count: number): Promise<Posted[]> {
  return until(`${count} messages arrived`, () => messages.length >= count && messages);
}

/** Waits until the messages of these integrations are held. */
export async function held(server: TestServer, { tenantId }: TenantUser, ...ids: string[]): Promise<void> {
  await until('the chat is left alone', async () => {
    const rows = await sql(
      server.database.url,
      'SELECT FROM integrations WHERE tenant_id = $1 AND integration_id = ANY ($2) AND held_until > now()',
      [tenantId, ids],
      tenantId,
    );
    return rows.length === ids.length;
  });
}

/** The time has come that a busy chat told: for the tests that cannot wait for it. */
export async function endHold(server: TestServer, { tenantId }: TenantUser): Promise<void> {
  const { url } = server.database;
  await sql(url, 'UPDATE integrations SET held_until = now() WHERE tenant_id = $1', [tenantId], tenantId);
  await sql(
    url,
    `UPDATE graphile_worker._private_jobs SET run_at = now() WHERE payload->>'tenantId' = $1 AND run_at > now()`,
    [tenantId],
  );
}
