import { randomBytes } from 'node:crypto';
import { ApiClient, ApiError, type Sender } from './api-client.js';
import type { FakeRunner } from './fake-runner.js';
import type { Screen } from './screen.js';

const MINUTE = 60_000;

export interface DemoTenant {
  readonly api: ApiClient;
  readonly sender: Sender;
}

/** Registers a new tenant and creates an API key for it. */
export async function createTenant(url: string): Promise<DemoTenant> {
  const account = {
    email: `demo-${randomBytes(5).toString('hex')}@example.com`,
    password: randomBytes(12).toString('hex'),
    tenantName: 'Demo',
  };
  const { accessToken, tenant } = await new ApiClient(url).post<{
    accessToken: string;
    tenant: { tenantId: string };
  }>('/v1/auth/register', account);
  const api = new ApiClient(url, accessToken);
  const key = await api.post<{ plaintextKey: string; webhookSecret: string }>('/v1/api-keys', {
    name: 'demo',
  });
  return {
    api,
    sender: { tenantId: tenant.tenantId, key: key.plaintextKey, secret: key.webhookSecret },
  };
}

export async function connectRunner(api: ApiClient, screen: Screen, runner: FakeRunner): Promise<void> {
  const url = await runner.start((action, params) => {
    screen.line(`      the runner received a signed request: ${action} ${JSON.stringify(params)}`);
  });
  try {
    await api.post('/v1/integrations/http_runner/connect', {
      label: 'Demo runner',
      config: { url, actions: ['rollback_deployment'] },
      credentials: { secret: runner.secret },
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    screen.line(
      'This server may not call addresses of this machine (OUTBOUND_ALLOW_CIDRS): you execute the steps by hand.',
    );
  }
}

/** Two deploys of the service of the first alert; the second is recent. */
export async function recordDeploys(api: ApiClient): Promise<void> {
  const deploys = [
    { version: '2.4.0', ago: 26 * 60 * MINUTE, summary: 'Deploy checkout-api 2.4.0' },
    { version: '2.4.1', ago: 12 * MINUTE, summary: 'Deploy checkout-api 2.4.1: rework cart confirmation' },
  ];
  for (const { version, ago, summary } of deploys) {
    const occurredAt = new Date(performance.timeOrigin + performance.now() - ago).toISOString();
    await api.post('/v1/changes', {
      type: 'deploy',
      service: 'checkout-api',
      environment: 'production',
      version,
      summary,
      occurredAt,
    });
  }
}
