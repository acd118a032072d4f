import pg from 'pg';
import { AlertSender, type Answer, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { until } from '../support/until.js';

interface Finding {
  readonly kind: string;
  readonly statement: string;
  readonly evidenceIds: readonly string[];
}

export interface Step {
  readonly stepIndex: number;
  readonly agentName: string;
  readonly status: string;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly findings: readonly Finding[];
}

export interface Investigation {
  readonly investigationId: string;
  readonly status: string;
  readonly startedBy: string | null;
  readonly outcome: string | null;
  readonly rootCause: string | null;
  readonly confidence: number | null;
  readonly hypotheses: readonly {
    readonly statement: string;
    readonly status: string;
    readonly supportedBy: readonly string[];
  }[];
  readonly recommendedActions: readonly string[];
  readonly missingEvidence: readonly string[];
  readonly failure: string | null;
  readonly steps: readonly Step[];
  readonly knownSolution: {
    readonly patternId: string;
    readonly decision: string;
    readonly isAwaited: boolean;
  } | null;
}

export interface Evidence {
  readonly evidenceId: string;
  readonly type: string;
  readonly source: string;
  readonly agentName: string;
  readonly summary: string;
  readonly content: string;
  readonly contentHash: string;
}

interface LoggedEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const MINUTE = 60_000;

export const ALERT = {
  title: 'High error rate on payment-service',
  description: '5xx error rate exceeded 5% for 3 consecutive minutes.',
  severity: 'high',
  service: 'payment-service',
  environment: 'production',
};

export function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}

export async function sendAlert(tenant: TenantUser, alert: object = ALERT): Promise<string> {
  const sender = await AlertSender.of(tenant);
  const { status, body } = await sender.send(alert);
  if (status !== 202) throw new Error(`the alert was answered ${status}`);
  return body['incidentId'] ?? '';
}

export async function openIncident({ api }: TenantUser, incident: object = ALERT): Promise<string> {
  const answer = await api.post<{ incidentId: string }>('/v1/incidents', incident);
  if (answer.status !== 201) throw new Error(`the incident was answered ${answer.status}`);
  return answer.body.incidentId;
}

/** Its severity is below the threshold, so it is `open` and no investigation starts automatically. */
export async function openQuietIncident(tenant: TenantUser): Promise<string> {
  const incidentId = await openIncident(tenant, {
    title: 'Something odd',
    description: 'seen',
    severity: 'info',
  });
  await statusIs(tenant, incidentId, 'open');
  return incidentId;
}

export async function recordDeploy({ api }: TenantUser, version: string, minutes: number): Promise<void> {
  const answer = await api.post('/v1/changes', {
    type: 'deploy',
    service: ALERT.service,
    environment: 'production',
    version,
    summary: `Deploy ${version}`,
    occurredAt: minutesAgo(minutes),
  });
  if (answer.status !== 201) throw new Error(`the change was answered ${answer.status}`);
}

export async function investigation(
  { api }: TenantUser,
  incidentId: string,
): Promise<Investigation | undefined> {
  const { status, body } = await api.get<Investigation>(`/v1/investigation/${incidentId}`);
  return status === 200 ? body : undefined;
}

export function start({ api }: TenantUser, incidentId: string): Promise<Answer> {
  return api.post(`/v1/investigation/${incidentId}`);
}

export async function runIs(
  tenant: TenantUser,
  incidentId: string,
  fits: (run: Investigation) => boolean,
): Promise<Investigation> {
  return until('the run is there', async () => {
    const run = await investigation(tenant, incidentId);
    return run && fits(run) && run;
  });
}

export function ended(tenant: TenantUser, incidentId: string): Promise<Investigation> {
  return runIs(tenant, incidentId, ({ status }) => status !== 'queued' && status !== 'running');
}

export async function evidenceOf({ api }: TenantUser, incidentId: string): Promise<readonly Evidence[]> {
  const path = `/v1/investigation/${incidentId}/evidence?limit=100`;
  return (await api.get<{ items: Evidence[] }>(path)).body.items;
}

export async function incidentStatus({ api }: TenantUser, incidentId: string): Promise<unknown> {
  return (await api.get(`/v1/incidents/${incidentId}`)).body['status'];
}

export async function statusIs(tenant: TenantUser, incidentId: string, status: string): Promise<void> {
  await until(`the incident is ${status}`, async () => (await incidentStatus(tenant, incidentId)) === status);
}

export async function eventsOf({ api }: TenantUser, incidentId: string): Promise<readonly LoggedEvent[]> {
  const path = `/v1/notifications/events?limit=100&incidentId=${incidentId}`;
  return (await api.get<{ items: LoggedEvent[] }>(path)).body.items;
}

/** An incident's events, one line each; progress events with their step. */
export async function story(tenant: TenantUser, incidentId: string): Promise<string[]> {
  return (await eventsOf(tenant, incidentId)).map(({ event, data }) => {
    if (event === 'incident.status_changed')
      return `${String(data['previousStatus'])} → ${String(data['newStatus'])}`;
    return event === 'investigation.progress' ? `progress ${String(data['stepIndex'])}` : event;
  });
}

/** Locks a table for all others, or for writers only, until it is released. A run stops where it needs the table. */
export async function lockTable(
  url: string,
  table: string,
  against: 'everyone' | 'writers' = 'everyone',
): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `BEGIN; LOCK TABLE ${table} IN ${against === 'writers' ? 'SHARE' : 'ACCESS EXCLUSIVE'} MODE`,
  );
  return () => client.end();
}

/** Makes the retry of a run's job due now. */
export async function skipRetryDelay(
  url: string,
  { tenantId }: TenantUser,
  investigationId: string,
): Promise<void> {
  await sql(
    url,
    `UPDATE graphile_worker._private_jobs SET run_at = now() WHERE payload->'payload'->>'investigationId' = $1
        AND locked_at IS NULL`,
    [investigationId],
    tenantId,
  );
}
