import { describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { argocd } from './alert-sources/argocd.js';
import { gitlab } from './alert-sources/gitlab.js';
import { mutationsOf } from './alert-sources/mutations.fixture.js';
import { netbox } from './alert-sources/netbox.js';
import { github } from './github/provider.js';
import type { Provider } from './provider.js';

const read = (source: Provider, body: object, configs: readonly object[] = []) => {
  expect(source.webhooks?.notices(body)).toEqual([]);
  return source.webhooks?.deploys?.(body, configs) ?? [];
};

describe('a deployment of GitHub', () => {
  const payload = (status: object = {}, more: object = {}) => ({
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
    expect(read(github, payload())).toEqual([deploy]);
    const repositories = [{ repository: 'acme/shop-checkout', service: 'checkout' }];
    expect(read(github, payload(), [{ repositories }])).toEqual([{ ...deploy, service: 'checkout' }]);
  });

  it.each([
    ['a deployment in progress', payload({ state: 'in_progress' })],
    ['a failed deployment', payload({ state: 'failure' })],
    ['a push', { ref: 'refs/heads/main', repository: { full_name: 'a/b' }, commits: [] }],
    ['a ping', { zen: 'Keep it logically awesome.', hook_id: 1 }],
    ['a payload with wrong types', { deployment_status: 'success', deployment: [], repository: 7 }],
    ['a deployment without a repository', payload({}, { repository: null })],
  ])('is not recorded for %s', (_, body) => {
    expect(read(github, body)).toEqual([]);
  });

  it('is verified with the webhook secret, if one is configured', () => {
    const webhookSecret = randomBytes(16).toString('hex');
    const raw = Buffer.from('{}');
    const verify = (signature: string, credentials: object) =>
      github.webhooks?.verify(
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
  const payload = (more: object = {}) => ({
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
    expect(read(gitlab, payload())).toEqual([
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
    'is not recorded with %j',
    (more) => {
      expect(read(gitlab, payload(more))).toEqual([]);
    },
  );

  it('is authenticated by the secret token in its header', () => {
    const signingSecret = randomBytes(16).toString('hex');
    const verify = (headers: Record<string, string>) =>
      gitlab.webhooks?.verify({ config: {}, credentials: { signingSecret } }, { headers, raw: Buffer.alloc(0) }, new Date(0));
    expect(verify({ 'x-gitlab-token': signingSecret })).toBe(true);
    expect(verify({ 'x-gitlab-token': signingSecret.slice(1) })).toBe(false);
    expect(verify({})).toBe(false);
  }); // prettier-ignore
});

describe('a sync of Argo CD', () => {
  const payload = (operation: object = {}, labels: object = { env: 'production' }) => ({
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
    expect(read(argocd, payload())).toEqual([deploy]);
    expect(read(argocd, payload({}, { 'app.kubernetes.io/name': 'shop' }))).toEqual([
      { ...deploy, service: 'shop', environment: null },
    ]);
    expect(read(argocd, payload({ syncResult: { revisions: ['bb', 'cc'] } }))).toMatchObject([
      { version: 'bb' },
    ]);
  });

  it.each([{ phase: 'Running' }, { phase: 'Failed' }, { finishedAt: null }])(
    'is not recorded with %j',
    (operation) => {
      expect(read(argocd, payload(operation))).toEqual([]);
    },
  );
});

describe('a change in NetBox', () => {
  const snapshots = (after: object = { status: 'offline', comments: 'b', custom_fields: { rack: '2' } }) => ({
    prechange: { status: 'active', comments: 'a', last_updated: '1', custom_fields: { rack: '1' } },
    postchange: {
      status: 'active',
      comments: 'a',
      last_updated: '2',
      custom_fields: { rack: '1' },
      ...after,
    },
  });
  const told = (more: object = {}, data: object = {}) => ({
    event: 'updated',
    timestamp: '2026-03-01T12:00:05.231786+00:00',
    model: 'device',
    request_id: '7886b12c',
    data: { id: 4, name: 'db-1', display_url: '/dcim/devices/4/', tags: [{ name: 'env:live' }, { name: 'vip' }], ...data },
    snapshots: snapshots(),
    ...more,
  }); // prettier-ignore

  it('of a device is reported with what was edited, for the service in its fields or tags', () => {
    const change = {
      type: 'infra',
      sourceChangeId: 'netbox/7886b12c/device/4',
      service: 'db-1',
      environment: 'live',
      version: null,
      summary: 'Updated device db-1: status active → offline, rack 1 → 2',
      url: null,
      occurredAt: new Date('2026-03-01T12:00:05.231Z'),
    };
    expect(read(netbox, told())).toEqual([change]);
    const data = { custom_fields: { service: 'checkout' }, display_url: 'https://netbox/dcim/devices/4/' };
    expect(read(netbox, told({}, data))).toEqual([
      { ...change, service: 'checkout', url: 'https://netbox/dcim/devices/4/' },
    ]);
    const newer = { model: undefined, object_type: 'virtualization.virtualmachine', request_id: undefined, request: { id: 'r' } };
    expect(read(netbox, told({ ...newer, event: 'deleted', snapshots: { prechange: {}, postchange: null } }))).toMatchObject([
      { sourceChangeId: 'netbox/r/virtualmachine/4', summary: 'Deleted virtualmachine db-1' },
    ]);
    expect(read(netbox, told({ snapshots: undefined }))).toMatchObject([{ summary: 'Updated device db-1' }]);
  }); // prettier-ignore

  it.each([
    ['one of a site', told({ model: 'site' })],
    ['one of notes alone', told({ snapshots: snapshots({ comments: 'b', description: 'c' }) })],
    ['a job', told({ event: 'job_ended' })],
    ['an inherited name', told({ event: 'constructor' })],
    ['one without a name', told({}, { name: null })],
  ])('is not %s', (_, body) => {
    expect(read(netbox, body)).toEqual([]);
  });

  it('never makes it fail, whatever it is', () => {
    for (const odd of mutationsOf(told()))
      for (const { service } of netbox.webhooks?.deploys?.(odd, []) ?? []) expect(service).not.toBe('');
  });

  it('is signed by SHA-512', () => {
    const signingSecret = randomBytes(16).toString('hex');
    const raw = Buffer.from('{}');
    const verify = (signature: string) =>
      netbox.webhooks?.verify({ config: {}, credentials: { signingSecret } }, { headers: { 'x-hook-signature': signature }, raw }, new Date(0));
    const signed = (algorithm: string) => createHmac(algorithm, signingSecret).update(raw).digest('hex');
    expect([verify(signed('sha512')), verify(signed('sha256')), verify('')]).toEqual([true, false, false]);
  }); // prettier-ignore
});
