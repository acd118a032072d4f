import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { missingOf, OUTSIDE, pulled, RecordedApi, rowsOf, sample } from '../recorded.fixture.js';
import { kubernetes } from './provider.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.respond = ({ path }) => sample('kubernetes', path.replace(/^.*\//, ''));
});
afterEach(() => api.stop());

const connection = () => ({ config: { url: api.url, namespaces: ['shop'] }, credentials: { token: 'eyJ' } });

it('reads the state of pods, deployments and nodes, their events and rollouts', async () => {
  const answers = await pulled(kubernetes, connection());
  expect(missingOf(answers)).toEqual([]);
  expect(answers.map((answer) => 'query' in answer && answer.query)).toEqual([
    'GET /api/v1/namespaces/shop/pods',
    'GET /apis/apps/v1/namespaces/shop/deployments',
    'GET /apis/apps/v1/namespaces/shop/statefulsets',
    'GET /api/v1/namespaces/shop/events',
    'GET /api/v1/namespaces/shop/resourcequotas',
    'GET /apis/apps/v1/namespaces/shop/replicasets',
    'GET /api/v1/nodes',
  ]);
  expect(rowsOf(answers)).toEqual([
    {
      kind: 'pod', entity: 'checkout-7d9fbc6d8-x2x9l', ready: false, restarts: 7,
      reason: 'CrashLoopBackOff, last ended by OOMKilled', message: 'back-off 5m0s restarting failed container', exitCode: 137,
    },
    {
      timestamp: '2026-03-01T11:51:00.000Z', entity: 'Pod/checkout-7d9fbc6d8-x2x9l', reason: 'OOMKilled', level: 'warning',
      message: 'container app ended with status 137',
    },
    { kind: 'pod', entity: 'payments-5c9-abcde', ready: true, restarts: 0 },
    {
      kind: 'pod', entity: 'search-6f-pending', ready: false, restarts: 0, reason: 'Unschedulable',
      message: '0/3 nodes are available: 3 Insufficient memory.',
    },
    {
      kind: 'deployment', entity: 'checkout', ready: false, reason: 'ProgressDeadlineExceeded',
      message: 'ReplicaSet "checkout-7d9fbc6d8" has timed out progressing.',
    },
    { kind: 'deployment', entity: 'payments', ready: true },
    { kind: 'deployment', entity: 'orders-db', ready: false, message: '1 of 2 replicas are ready' },
    {
      timestamp: '2026-03-01T11:59:00.000Z', entity: 'Pod/checkout-7d9fbc6d8-x2x9l', reason: 'BackOff', count: 12, level: 'warning',
      message: 'Back-off restarting failed container app',
    },
    { timestamp: '2026-03-01T12:10:00.000Z', entity: 'ResourceQuota/compute', level: 'info', message: 'in use: pods 10 of 10, limits.memory 3900Mi of 4Gi' },
    {
      type: 'deploy', service: 'checkout', occurredAt: '2026-03-01T11:44:00.000Z', version: '1.4.2', previousVersion: '1.4.1',
      summary: 'Rollout of revision 12 of checkout: registry.example.com:5000/acme/checkout:1.4.2',
    },
    { kind: 'node', entity: 'node-1', ready: true },
    { kind: 'node', entity: 'node-2', ready: false, reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' },
  ]); // prettier-ignore
  expect(api.requests.every(({ headers }) => headers.authorization === 'Bearer eyJ')).toBe(true);
});

it('reports what it may not read, and what it did not read completely', async () => {
  const respond = api.respond;
  api.respond = (request, response) => {
    if (request.path.endsWith('/pods'))
      return { ...(sample('kubernetes', 'pods') as object), metadata: { continue: 'abc' } };
    if (!request.path.endsWith('/nodes')) return respond(request, response);
    response.statusCode = 403;
    return sample('kubernetes', 'forbidden');
  };
  expect(missingOf(await pulled(kubernetes, connection()))).toEqual([
    '/api/v1/namespaces/shop/pods has more than the 16 objects that were read.',
    '/api/v1/nodes could not be read: Kubernetes answered 403: the credentials do not allow this.',
  ]);
});

it('is probed by listing the pods of each namespace', async () => {
  await expect(kubernetes.probe(connection(), OUTSIDE)).resolves.toBeUndefined();
  api.respond = () => ({ kind: 'Status' });
  await expect(kubernetes.probe(connection(), OUTSIDE)).rejects.toThrow('not like the API of Kubernetes');
});
