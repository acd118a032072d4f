import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { type Answer, Api, newKey, newTenant, type TenantUser } from '../support/api.js';
import { JsonApi } from '../support/json-api.js';
import { TestServer } from '../support/server.js';

interface Change {
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly url: string | null;
  readonly occurredAt: string;
}

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

const deployment = (id: number, more: object = {}): object => ({
  deployment_status: { state: 'success', environment: 'production', created_at: '2026-03-01T12:00:05Z', ...more },
  deployment: { id, sha: `f95f852bd8fc${id}`, ref: 'main' },
  repository: { full_name: 'acme/shop' },
}); // prettier-ignore

async function changesOf({ api }: TenantUser): Promise<readonly Change[]> {
  return (await api.get<{ items: readonly Change[] }>('/v1/changes?limit=100')).body.items;
}

const send = (url: string, body: object | string, headers: Record<string, string> = {}): Promise<Answer> => {
  const { origin, pathname } = new URL(url);
  return new Api(origin).post(pathname, body, { headers });
};

async function connected(provider: string, body: object): Promise<string> {
  const answer = await tenant.api.post<{ ingestUrl: string; capabilities: string[] }>(
    `/v1/integrations/${provider}/connect`,
    body,
  );
  expect(answer.status).toBe(201);
  expect(answer.body.capabilities).toContain('deploys');
  return answer.body.ingestUrl;
}

describe('a deploy reported by a tool', () => {
  it('is recorded as one change when it is reported twenty times concurrently', async () => {
    tenant = await newTenant(server.url);
    const { plaintextKey } = await newKey(tenant);
    const report = (body: object, headers = { 'x-api-key': plaintextKey }): Promise<Answer> =>
      send(`${server.url}/v1/webhooks/${tenant.tenantId}/github`, body, headers);
    const answers = await Promise.all(Array.from({ length: 20 }, () => report(deployment(1))));
    for (const { status, body } of answers)
      expect([status, body]).toEqual([202, { accepted: 1, incidents: [] }]);
    expect(await changesOf(tenant)).toEqual([
      {
        changeId: expect.stringMatching(/^chg_[0-7][0-9A-HJKMNP-TV-Z]{25}$/),
        type: 'deploy',
        service: 'shop',
        environment: 'production',
        version: 'f95f852bd8fc1',
        summary: 'Deployed main to production',
        url: null,
        occurredAt: '2026-03-01T12:00:05.000Z',
      },
    ]);

    await report(deployment(2));
    const ignored = [{ zen: 'Speak like a human.' }, deployment(3, { state: 'failure' })];
    for (const body of ignored) expect((await report(body)).body).toEqual({ accepted: 0, incidents: [] });
    expect((await report(deployment(4), { 'x-api-key': 'cflo_x' })).status).toBe(401);
    expect((await changesOf(tenant)).map(({ version }) => version).sort()).toEqual([
      'f95f852bd8fc1',
      'f95f852bd8fc2',
    ]);
    expect((await tenant.api.get<{ items: unknown[] }>('/v1/incidents')).body.items).toEqual([]);
  });

  it('is recorded for each tenant that reports it', async () => {
    const tenants = [await newTenant(server.url), await newTenant(server.url)];
    for (const each of tenants) {
      const { plaintextKey } = await newKey(each);
      await send(`${server.url}/v1/webhooks/${each.tenantId}/github`, deployment(9), { 'x-api-key': plaintextKey });
    }
    for (const each of tenants) expect(await changesOf(each)).toHaveLength(1);
  }); // prettier-ignore

  it('is accepted from GitHub when it is signed, and belongs to the service configured for the repository', async () => {
    tenant = await newTenant(server.url);
    const api = await JsonApi.start(() => ({ full_name: 'acme/shop' }));
    const webhookSecret = randomBytes(16).toString('hex');
    const url = await connected('github', {
      config: { url: api.url, repositories: [{ repository: 'acme/shop', service: 'checkout' }] },
      credentials: { token: 'x', webhookSecret },
    }).finally(() => api.stop());
    const body = JSON.stringify(deployment(1, { created_at: '2999-01-01T00:00:00Z' }));
    const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
    const before = new Date().toISOString();
    expect((await send(url, body)).body).toMatchObject({ error: 'invalid_signature' });
    expect((await send(url, body, { 'x-hub-signature-256': `sha256=${signature}` })).status).toBe(202);
    const [change, ...more] = await changesOf(tenant);
    expect([change?.service, more]).toEqual(['checkout', []]);
    // A time in the future is replaced by the time of receipt.
    expect(change && change.occurredAt >= before && change.occurredAt <= new Date().toISOString()).toBe(true);
  });

  it('is accepted from GitLab with its token, and from Argo CD without a signature', async () => {
    tenant = await newTenant(server.url);
    const signingSecret = randomBytes(16).toString('hex');
    const gitlab = await connected('gitlab', { credentials: { signingSecret } });
    const argocd = await connected('argocd', { config: { environment: 'production' } });
    const deployed = {
      object_kind: 'deployment',
      status: 'success',
      deployment_id: 15,
      environment: 'staging',
      project: { path_with_namespace: 'acme/\u0000shop' },
      short_sha: '9'.repeat(300),
      deployable_url: '\tjavascript:alert(1)',
    };
    expect((await send(gitlab, deployed, { 'x-gitlab-token': 'wrong' })).status).toBe(401);
    expect((await send(gitlab, deployed, { 'x-gitlab-token': signingSecret })).status).toBe(202);
    const synced = {
      metadata: { name: 'basket' },
      spec: { source: { repoURL: 'git@example.com:acme/basket.git' } },
      status: { operationState: { phase: 'Succeeded', finishedAt: '2026-03-01T12:00:05Z' } },
    };
    expect((await send(argocd, synced)).body).toEqual({ accepted: 1, incidents: [] });
    expect(await changesOf(tenant)).toMatchObject([
      { service: '\uFFFDshop', environment: 'staging', version: `${'9'.repeat(199)}…`, url: null },
      { service: 'basket', environment: 'production', version: null, url: 'git@example.com:acme/basket.git' },
    ]);
  });

  it('comes from NetBox, signed, as a change of the infrastructure, once for each request', async () => {
    tenant = await newTenant(server.url);
    const signingSecret = randomBytes(16).toString('hex');
    const url = await connected('netbox', { credentials: { signingSecret } });
    const edited = (model: string) =>
      JSON.stringify({
        event: 'updated',
        model,
        request_id: '7886b12c',
        timestamp: '2026-03-01T12:00:05Z',
        data: { id: 4, name: 'db-1' },
        snapshots: { prechange: { status: 'active' }, postchange: { status: 'offline' } },
      });
    const tell = (body: string, secret = signingSecret) =>
      send(url, body, { 'x-hook-signature': createHmac('sha512', secret).update(body).digest('hex') });
    expect((await tell(edited('device'), 'wrong')).status).toBe(401);
    expect((await tell(edited('site'))).body).toEqual({ accepted: 0, incidents: [] });
    for (let n = 0; n < 2; n += 1)
      expect((await tell(edited('device'))).body).toEqual({ accepted: 1, incidents: [] });
    expect(await changesOf(tenant)).toMatchObject([
      { type: 'infra', service: 'db-1', summary: 'Updated device db-1: status active → offline' },
    ]);
  });
});
