import { describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { argocd } from './alert-sources/argocd.js';
import { gitlab } from './alert-sources/gitlab.js';
import { github } from './github/provider.js';
import type { Provider } from './provider.js';

const read = (source: Provider, body: object, configs: readonly object[] = []) => {
  expect(source.alerts?.notices(body)).toEqual([]);
  return source.alerts?.deploys?.(body, configs) ?? [];
};

describe('a deployment of GitHub', () => {
  const told = (status: object = {}, more: object = {}) => ({
    action: 'created',
    deployment_status: { state: 'success', environment: 'production', created_at: '2026-03-01T12:00:05Z', ...status },
    deployment: { id: 7, sha: 'f95f852bd8fca8fcc58a9a2d6c842781e32a215e', ref: 'v2.4.1', description: null },
    repository: { full_name: 'Acme/Shop-Checkout' },
    ...more,
  }); // prettier-ignore

  it('is reported once it has succeeded, for the service of the repository', () => {
    const deploy = {
      sourceChangeId: 'github/acme/shop-checkout/7',
      service: 'Shop-Checkout',
      environment: 'production',
      version: 'f95f852bd8fca8fcc58a9a2d6c842781e32a215e',
      summary: 'Deployed v2.4.1 to production',
      url: null,
      occurredAt: new Date('2026-03-01T12:00:05Z'),
    };
    expect(read(github, told())).toEqual([deploy]);
    const repositories = [{ repository: 'acme/shop-checkout', service: 'checkout' }];
    expect(read(github, told(), [{ repositories }])).toEqual([{ ...deploy, service: 'checkout' }]);
  });

  it.each([
    ['one under way', told({ state: 'in_progress' })],
    ['one that failed', told({ state: 'failure' })],
    ['a push', { ref: 'refs/heads/main', repository: { full_name: 'a/b' }, commits: [] }],
    ['a ping', { zen: 'Keep it logically awesome.', hook_id: 1 }],
    ['one of every wrong type', { deployment_status: 'success', deployment: [], repository: 7 }],
    ['one without a repository', told({}, { repository: null })],
  ])('is not what %s is', (_, body) => {
    expect(read(github, body)).toEqual([]);
  });

  it('is signed with the secret, where there is one', () => {
    const webhookSecret = randomBytes(16).toString('hex');
    const raw = Buffer.from('{}');
    const verify = (signature: string, credentials: object) =>
      github.alerts?.verify(
        { config: { repositories: [] }, credentials: { token: 'x', ...credentials } },
        { headers: { 'x-hub-signature-256': signature }, raw },
        new Date(0),
      );
    const hex = createHmac('sha256', webhookSecret).update(raw).digest('hex');
    expect(verify(`sha256=${hex}`, { webhookSecret })).toBe(true);
    expect(verify(hex, { webhookSecret })).toBe(false);
    expect(verify(`sha256=${'0'.repeat(64)}`, { webhookSecret })).toBe(false);
    expect(verify('', {})).toBeUndefined();
  });
});

describe('a deployment of GitLab', () => {
  const told = (more: object = {}) => ({
    object_kind: 'deployment',
    status: 'success',
    status_changed_at: '2026-03-01 13:00:05 +0100',
    deployment_id: 15,
    deployable_url: 'https://gitlab.example.com/acme/shop/-/jobs/796',
    environment: 'staging',
    project: { path_with_namespace: 'acme/platform/shop' },
    short_sha: '279484c0',
    commit_title: 'Add new file',
    ref: '1.0.0',
    ...more,
  });

  it('is reported once it has succeeded, for the service named like the project', () => {
    expect(read(gitlab, told())).toEqual([
      {
        sourceChangeId: 'gitlab/acme/platform/shop/15',
        service: 'shop',
        environment: 'staging',
        version: '279484c0',
        summary: 'Deployed 1.0.0: Add new file',
        url: 'https://gitlab.example.com/acme/shop/-/jobs/796',
        occurredAt: new Date('2026-03-01T12:00:05Z'),
      },
    ]);
  });

  it.each([{ status: 'running' }, { status: 'failed' }, { object_kind: 'push' }, { project: null }])(
    'is not one that is %j',
    (more) => {
      expect(read(gitlab, told(more))).toEqual([]);
    },
  );

  it('shows the secret as it is', () => {
    const signingSecret = randomBytes(16).toString('hex');
    const verify = (headers: Record<string, string>) =>
      gitlab.alerts?.verify({ config: {}, credentials: { signingSecret } }, { headers, raw: Buffer.alloc(0) }, new Date(0));
    expect(verify({ 'x-gitlab-token': signingSecret })).toBe(true);
    expect(verify({ 'x-gitlab-token': signingSecret.slice(1) })).toBe(false);
    expect(verify({})).toBe(false);
  }); // prettier-ignore
});

describe('a sync of Argo CD', () => {
  const told = (operation: object = {}, labels: object = { env: 'production' }) => ({
    metadata: { name: 'shop-eu', uid: 'c6e1', labels },
    spec: { source: { repoURL: 'https://github.com/acme/manifests' } },
    status: {
      operationState: {
        phase: 'Succeeded',
        finishedAt: '2026-03-01T12:00:05Z',
        syncResult: { revision: 'aa29b85e' },
        ...operation,
      },
    },
  });

  it('is reported once it has succeeded, with service and environment from its labels', () => {
    const deploy = {
      sourceChangeId: 'argocd/c6e1/2026-03-01T12:00:05Z',
      service: 'shop-eu',
      environment: 'production',
      version: 'aa29b85e',
      summary: 'Synced shop-eu to aa29b85e',
      url: 'https://github.com/acme/manifests',
      occurredAt: new Date('2026-03-01T12:00:05Z'),
    };
    expect(read(argocd, told())).toEqual([deploy]);
    expect(read(argocd, told({}, { 'app.kubernetes.io/name': 'shop' }))).toEqual([
      { ...deploy, service: 'shop', environment: null },
    ]);
    expect(read(argocd, told({ syncResult: { revisions: ['bb', 'cc'] } }))).toMatchObject([
      { version: 'bb' },
    ]);
  });

  it.each([{ phase: 'Running' }, { phase: 'Failed' }, { finishedAt: null }])(
    'is not one of %j',
    (operation) => {
      expect(read(argocd, told(operation))).toEqual([]);
    },
  );
});
