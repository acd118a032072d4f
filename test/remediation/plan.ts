import { randomBytes } from 'node:crypto';
import { Api, type Answer, type TenantUser } from '../support/api.js';
import { until } from '../support/until.js';

export interface Step {
  readonly stepId: string;
  readonly action: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly manual: boolean;
  readonly status: string;
  readonly attempt: number;
  readonly output: unknown;
}

export interface Plan {
  readonly remediationId: string;
  readonly incidentId: string;
  readonly approvalId: string;
  readonly status: string;
  readonly steps: [Step, ...Step[]];
}

interface LoggedEvent {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const MINUTE = 60_000;

/** Records a bad deploy, raises an incident and waits for the plan that the real investigation proposes. */
export async function proposedPlan({ api }: TenantUser, raise = raiseIncident): Promise<Plan> {
  const service = `checkout-${randomBytes(4).toString('hex')}`;
  for (const [version, minutesAgo] of [
    ['2.4.0', 300],
    ['2.4.1', 6],
  ] as const) {
    const change = await api.post('/v1/changes', {
      type: 'deploy',
      service,
      environment: 'production',
      version,
      summary: `Deploy ${version} of ${service}`,
      occurredAt: new Date(Date.now() - minutesAgo * MINUTE).toISOString(),
    });
    if (change.status !== 201) throw new Error(`changes answered ${change.status}`);
  }
  return planFor(api, await raise(api, service));
}

/** @returns the id of a new incident */
export async function raiseIncident(api: Api, service: string): Promise<string> {
  const { body } = await api.post<{ incidentId: string }>('/v1/incidents', {
    title: `High error rate on ${service}`,
    description: `5xx error rate of ${service} exceeded 5% for 3 minutes.`,
    severity: 'high',
    service,
    environment: 'production',
  });
  return body.incidentId;
}

/** Waits for the newest plan of an incident that is not among `known`. */
export function planFor(api: Api, incidentId: string, ...known: Plan[]): Promise<Plan> {
  return until('a plan is proposed', async () => {
    const { body } = await api.get<{ items: Plan[] }>(`/v1/remediation/${incidentId}`);
    return body.items.find((plan) =>
      known.every(({ remediationId }) => remediationId !== plan.remediationId),
    );
  });
}

export async function approvedPlan(admin: TenantUser): Promise<Plan> {
  const plan = await proposedPlan(admin);
  const answer = await post(admin, plan, 'approve');
  if (answer.status !== 200) throw new Error(`approve answered ${answer.status}`);
  return answer.body;
}

export function post(
  { api }: TenantUser,
  { remediationId }: Plan,
  what: string,
  body?: unknown,
): Promise<Answer<Plan & { error?: string }>> {
  return api.post(`/v1/remediation/${remediationId}/${what}`, body);
}

export async function planOf({ api }: TenantUser, { remediationId }: Plan): Promise<Plan> {
  return (await api.get<Plan>(`/v1/remediation/${remediationId}`)).body;
}

export function planIs(admin: TenantUser, plan: Plan, status: string): Promise<Plan> {
  return until(`the plan is ${status}`, async () => {
    const now = await planOf(admin, plan);
    return now.status === status && now;
  });
}

export async function incidentStatus({ api }: TenantUser, { incidentId }: Plan): Promise<unknown> {
  return (await api.get<{ status: unknown }>(`/v1/incidents/${incidentId}`)).body.status;
}

export function setIncident({ api }: TenantUser, { incidentId }: Plan, status: string): Promise<Answer> {
  return api.patch(`/v1/incidents/${incidentId}`, { status });
}

/** Reinvestigates the incident and waits for another plan. */
export async function secondPlan({ api }: TenantUser, first: Plan): Promise<Plan> {
  const context = { context: 'Payments are slow, too.', reinvestigate: true };
  const { status } = await api.post(`/v1/investigation/${first.incidentId}/context`, context);
  if (status !== 202) throw new Error(`context answered ${status}`);
  return planFor(api, first.incidentId, first);
}

export async function incidentIs(admin: TenantUser, plan: Plan, status: string): Promise<void> {
  await until(`the incident is ${status}`, async () => (await incidentStatus(admin, plan)) === status);
}

/** The events of the plan's incident since its proposal; a status change as `from → to`. */
export async function story({ api }: TenantUser, { incidentId }: Plan): Promise<string[]> {
  const { body } = await api.get<{ items: LoggedEvent[] }>(
    `/v1/notifications/events?limit=100&incidentId=${incidentId}&events=incident.*,remediation.*,approval.*`,
  );
  const events = body.items.map(({ event, data }) => {
    if (event === 'incident.status_changed')
      return `${String(data['previousStatus'])} → ${String(data['newStatus'])}`;
    const detail = data['decision'] ?? data['outcome'];
    return typeof detail === 'string' ? `${event} (${detail})` : event;
  });
  return events.slice(events.indexOf('remediation.proposed'));
}

/** Another user of the tenant, signed in. */
export async function colleague(admin: TenantUser, role: 'admin' | 'member'): Promise<TenantUser> {
  const email = `${role}-${randomBytes(6).toString('hex')}@example.com`;
  const password = randomBytes(12).toString('hex');
  const made = await admin.api.post<{ userId: string }>('/v1/users', {
    email,
    password,
    role,
    name: 'Grace',
  });
  const { body } = await new Api(admin.api.url).post<{ accessToken: string }>('/v1/auth/login', {
    email,
    password,
  });
  const { userId } = made.body;
  return { ...admin, api: new Api(admin.api.url, body.accessToken), userId, email, password };
}

export function codes(answers: readonly Answer<{ error?: string }>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const code = `${status} ${body.error ?? 'ok'}`;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}
