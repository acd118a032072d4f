import { expect } from '@jest/globals';
import type { TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import type { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

export interface Pattern extends Record<string, unknown> {
  patternId: string;
  title: string;
  rootCause: string;
  confidence: number;
  confirmations: number;
  occurrences: number;
  status: string;
}

export const ALERT = {
  title: 'High error rate on payment-service',
  description: '5xx error rate exceeded 5% for 3 consecutive minutes.',
  service: 'payment-service',
};

/** An incident below the severity that is investigated automatically, so that only the test changes it after triage. */
export async function openIncident({ api }: TenantUser, alert: object = ALERT): Promise<string> {
  const answer = await api.post<{ incidentId: string }>('/v1/incidents', { ...alert, severity: 'info' });
  expect(answer.status).toBe(201);
  return answer.body.incidentId;
}

/** Sets the root cause directly: what is learned from it does not depend on the investigation that found it. */
export async function setCause(
  server: TestServer,
  { tenantId }: TenantUser,
  incidentId: string,
  rootCause: string,
): Promise<void> {
  const changed = await sql(
    server.database.url,
    'UPDATE incidents SET root_cause = $2 WHERE incident_id = $1 RETURNING incident_id',
    [incidentId, rootCause],
    tenantId,
  );
  expect(changed).toHaveLength(1);
}

export async function setStatus({ api }: TenantUser, incidentId: string, status: string): Promise<void> {
  const answer = await api.patch(`/v1/incidents/${incidentId}`, { status });
  expect(answer.status).toBe(200);
}

/** Opens an incident, sets its cause and resolves it. */
export async function resolveIncident(
  server: TestServer,
  tenant: TenantUser,
  { alert = ALERT, rootCause = 'Deploy v42 lowered the connection pool to 5' } = {},
): Promise<string> {
  const incidentId = await openIncident(tenant, alert);
  await setCause(server, tenant, incidentId, rootCause);
  await setStatus(tenant, incidentId, 'resolved');
  return incidentId;
}

export async function patternsOf({ api }: TenantUser, query = ''): Promise<Pattern[]> {
  const answer = await api.get<{ items: Pattern[] }>(`/v1/knowledge${query}`);
  expect(answer.status).toBe(200);
  return answer.body.items;
}

/** Waits for a matching pattern. */
export async function pattern(
  tenant: TenantUser,
  matches: (pattern: Pattern) => boolean = () => true,
): Promise<Pattern> {
  return until('the pattern is there', async () => (await patternsOf(tenant)).find(matches));
}

/** Every `knowledge.pattern_extracted` of the tenant's log. */
export async function extractions({ api }: TenantUser): Promise<Record<string, unknown>[]> {
  const answer = await api.get<{ items: { data: Record<string, unknown> }[] }>(
    '/v1/notifications/events?events=knowledge.*&limit=100',
  );
  expect(answer.status).toBe(200);
  return answer.body.items.map(({ data }) => data);
}
