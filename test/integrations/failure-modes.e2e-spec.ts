import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ended,
  evidenceOf,
  type Investigation,
  openIncident,
  start,
  statusIs,
} from '../investigation/cases.js';
import { newTenant, type TenantUser } from '../support/api.js';
import { JsonApi } from '../support/json-api.js';
import { TestServer } from '../support/server.js';

const MINUTE = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
const INCIDENT = {
  title: 'Odd',
  description: 'seen on the dashboard',
  severity: 'info',
  service: 'checkout',
};

let server: TestServer;
let cluster: JsonApi | undefined;
beforeAll(async () => {
  server = await TestServer.start();
});
afterEach(() => cluster?.stop());
afterAll(() => server.stop());

async function investigated(tenant: TenantUser, incidentId: string): Promise<Investigation> {
  await statusIs(tenant, incidentId, 'open');
  await start(tenant, incidentId);
  return ended(tenant, incidentId);
}

const condition = (type: string, status: string, reason?: string, message?: string) => ({
  type, status, reason, message, lastTransitionTime: ago(9), lastProbeTime: null,
}); // prettier-ignore
const NOT_READY = condition('Ready', 'False', 'ContainersNotReady', 'containers with unready status: [app]');
const POD = 'checkout-7d9fbc6d8-x2x9l';

function pod(status: object, name = POD) {
  return {
    metadata: { name, namespace: 'shop', creationTimestamp: ago(600), labels: { app: 'checkout' }, deletionTimestamp: null },
    spec: { nodeName: 'node-1', containers: [{ name: 'app', image: 'acme/checkout:1.4.2', resources: {} }] },
    status: { phase: 'Running', hostIP: '10.0.0.4', qosClass: 'Burstable', ...status },
  }; // prettier-ignore
}

const container = (state: object, lastState: object = {}, restartCount = 0) => ({
  name: 'app', ready: false, started: false, restartCount, image: 'acme/checkout:1.4.2', imageID: '', state, lastState,
}); // prettier-ignore
const waiting = (reason: string, message: string) => ({ waiting: { reason, message } });
const ended137 = (reason: string) => ({
  terminated: { exitCode: 137, reason, startedAt: ago(8), finishedAt: ago(3), containerID: 'containerd://1' },
});
const RUNNING = { running: { startedAt: ago(30) } };
const CRASHING = waiting('CrashLoopBackOff', `back-off 5m0s restarting failed container=app pod=${POD}_shop`);

function deployment(conditions: object[], replicas: object = { readyReplicas: 0, unavailableReplicas: 1 }) {
  return {
    metadata: { name: 'checkout', namespace: 'shop', creationTimestamp: ago(9_000) },
    spec: { replicas: 1, selector: { matchLabels: { app: 'checkout' } }, template: { metadata: { creationTimestamp: null }, spec: { containers: null } } },
    status: { observedGeneration: 4, replicas: 1, conditions, ...replicas },
  }; // prettier-ignore
}
const UNAVAILABLE = condition(
  'Available',
  'False',
  'MinimumReplicasUnavailable',
  'Deployment does not have minimum availability.',
);
const HEALTHY = deployment([condition('Available', 'True', 'MinimumReplicasAvailable')], {
  readyReplicas: 1,
});
const HEALTHY_POD = pod(
  { conditions: [condition('Ready', 'True')], containerStatuses: [{ ...container(RUNNING), ready: true }] },
  'checkout-7d9fbc6d8-aaaaa',
);

function event(kind: string, name: string, reason: string, message: string, minutes = 2) {
  return {
    metadata: { name: `${name}.17`, namespace: 'shop', creationTimestamp: ago(40) },
    involvedObject: { kind, namespace: 'shop', name, apiVersion: 'v1' },
    reason, message, type: 'Warning', count: 9, firstTimestamp: ago(40), lastTimestamp: ago(minutes), eventTime: null,
  }; // prettier-ignore
}

const node = (...conditions: object[]) => ({
  metadata: { name: 'node-1', creationTimestamp: ago(90_000) },
  spec: { podCIDR: '10.1.0.0/24' },
  status: { conditions, nodeInfo: { kubeletVersion: 'v1.34.1' } },
});
const GOOD_NODE = node(
  condition('Ready', 'True', 'KubeletReady'),
  condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure'),
);
const QUOTA = {
  metadata: { name: 'compute', namespace: 'shop' },
  status: { hard: { pods: '10' }, used: { pods: '10' } },
};

/** The objects of each kind; an absent kind has none. */
interface Objects {
  readonly pods?: readonly object[];
  readonly deployments?: readonly object[];
  readonly events?: readonly object[];
  readonly nodes?: readonly object[];
  readonly resourcequotas?: readonly object[];
}
const KINDS: Readonly<Record<string, string>> = {
  pods: 'PodList', deployments: 'DeploymentList', events: 'EventList', nodes: 'NodeList', resourcequotas: 'ResourceQuotaList',
  replicasets: 'ReplicaSetList',
}; // prettier-ignore

async function investigateCluster(
  objects: Objects,
): Promise<{ run: Investigation; evidence: readonly string[] }> {
  const tenant = await newTenant(server.url);
  cluster = await JsonApi.start(({ path }) => {
    const kind = path.replace(/^.*\//, '');
    const items = Object.entries(objects).find(([name]) => name === kind)?.[1] as object[] | undefined;
    return {
      kind: KINDS[kind],
      apiVersion: 'v1',
      metadata: { resourceVersion: '91823' },
      items: items ?? null,
    };
  });
  const connected = await tenant.api.post('/v1/integrations/kubernetes/connect', {
    config: { url: cluster.url, namespaces: ['shop'] },
    credentials: { token: 'eyJ' },
  });
  expect(connected.status).toBe(201);
  const incidentId = await openIncident(tenant, INCIDENT);
  const run = await investigated(tenant, incidentId);
  const evidence = (await evidenceOf(tenant, incidentId)).filter(({ source }) => source === 'kubernetes');
  return { run, evidence: evidence.map(({ evidenceId }) => evidenceId) };
}

describe('a failure mode in the state of Kubernetes is the root cause', () => {
  it.each<[mode: string, rootCause: RegExp, objects: Objects]>([
    [
      'oom_killed',
      /^checkout-7d9\S+ runs out of memory and is killed/,
      {
        pods: [
          pod({ conditions: [NOT_READY], containerStatuses: [container(CRASHING, ended137('OOMKilled'), 7)] }),
        ],
      },
    ],
    [
      'image_pull_backoff',
      /^checkout-7d9\S+ cannot pull its image/,
      {
        pods: [
          pod({
            phase: 'Pending',
            conditions: [NOT_READY],
            containerStatuses: [
              container(waiting('ImagePullBackOff', 'Back-off pulling image "acme/checkout:1.4.3"')),
            ],
          }),
        ],
        deployments: [deployment([UNAVAILABLE])],
      },
    ],
    [
      'image_pull_backoff of an init container',
      /^checkout-7d9\S+ cannot pull its image/,
      {
        pods: [
          pod({
            phase: 'Pending',
            conditions: [NOT_READY],
            initContainerStatuses: [
              container(waiting('ErrImagePull', 'manifest for acme/migrate:1 not found')),
            ],
            containerStatuses: [container(waiting('PodInitializing', ''))],
          }),
        ],
      },
    ],
    [
      'pending_pod',
      /^checkout-7d9\S+ cannot be scheduled/,
      {
        pods: [
          pod({
            phase: 'Pending',
            conditions: [
              condition('PodScheduled', 'False', 'Unschedulable', '0/3 nodes are available: 3 Insufficient memory.'),
            ],
          }),
        ],
      },
    ],
    [
      'probe_failure, readiness',
      /^checkout-7d9\S+ fails its probes/,
      {
        pods: [pod({ conditions: [NOT_READY], containerStatuses: [container(RUNNING)] })],
        events: [
          event('Pod', POD, 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503'),
        ],
      },
    ],
    [
      'probe_failure, killed by its liveness probe',
      /^checkout-7d9\S+ fails its probes/,
      {
        pods: [pod({ conditions: [NOT_READY], containerStatuses: [container(CRASHING, ended137('Error'), 4)] })],
        events: [
          event('Pod', POD, 'Unhealthy', 'Liveness probe failed: Get "http://10.1.0.9/live": timeout'),
          event('Pod', POD, 'Killing', 'Container app failed liveness probe, will be restarted'),
        ],
      },
    ],
    [
      'deployment_rollout_stuck',
      /^checkout does not get on with its rollout/,
      {
        pods: [HEALTHY_POD, pod({ conditions: [NOT_READY], containerStatuses: [container(RUNNING)] })],
        deployments: [
          deployment([
            UNAVAILABLE,
            condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'ReplicaSet "checkout-7d9fbc6d8" has timed out progressing.'),
          ]),
        ],
      },
    ],
    [
      'resource_quota_exceeded',
      /^checkout cannot get more pods: its quota is used up/,
      {
        pods: [HEALTHY_POD],
        deployments: [
          deployment([
            UNAVAILABLE,
            condition('ReplicaFailure', 'True', 'FailedCreate', 'pods "checkout-7d9fbc6d8-q" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10'),
          ]),
        ],
        resourcequotas: [QUOTA],
      },
    ],
    [
      'node_not_ready',
      /^node-1 is a node that is not ready/,
      {
        pods: [pod({ conditions: [NOT_READY], containerStatuses: [container(RUNNING)] })],
        nodes: [node(condition('Ready', 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.'))],
      },
    ],
    [
      'crash_loop',
      /^checkout-7d9\S+ starts and ends again and again/,
      {
        pods: [
          pod({
            conditions: [NOT_READY],
            containerStatuses: [
              container(CRASHING, { terminated: { exitCode: 1, reason: 'Error', finishedAt: ago(1) } }, 6),
            ],
          }),
        ],
      },
    ],
    [
      'storage_full of a node',
      /^node-1 has no space left/,
      {
        pods: [HEALTHY_POD],
        nodes: [
          node(
            condition('Ready', 'True', 'KubeletReady'),
            condition('DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure'),
          ),
        ],
      },
    ],
    [
      'storage_full of a pod',
      /^checkout-7d9\S+ has no space left/,
      {
        pods: [
          pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.', conditions: [condition('DisruptionTarget', 'True', 'TerminationByKubelet')] }),
        ],
      },
    ],
  ])('%s', async (_, rootCause, objects) => {
    const { run, evidence } = await investigateCluster({ nodes: [GOOD_NODE], ...objects });
    expect(run.rootCause).toMatch(rootCause);
    const best = run.hypotheses[0];
    expect(best).toMatchObject({ status: 'supported' });
    expect(best?.supportedBy.length).toBeGreaterThan(0);
    expect(evidence).toEqual(expect.arrayContaining([...(best?.supportedBy ?? [])]));
  }); // prettier-ignore

  it('is none when all pods are healthy, despite a pod evicted last week', async () => {
    const evicted = pod(
      {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on resource: ephemeral-storage.',
        conditions: [{ ...condition('DisruptionTarget', 'True'), lastTransitionTime: ago(9_000) }],
      },
      'checkout-5c9d8f7b6-old01',
    );
    const { run } = await investigateCluster({
      pods: [HEALTHY_POD, evicted],
      deployments: [HEALTHY],
      nodes: [GOOD_NODE],
      resourcequotas: [QUOTA],
    });
    expect(run).toMatchObject({ outcome: 'not_an_incident', rootCause: null });
  });

  it('is none without pods, which is reported as missing evidence', async () => {
    const { run } = await investigateCluster({ nodes: [GOOD_NODE] });
    expect(run.missingEvidence).toContain('Kubernetes: there is no pod in the namespace shop.');
  });
});

/** One sample per minute for an hour, with the value `now` in the last twenty minutes. */
function measured(metric: string, before: number, now: number) {
  return Array.from({ length: 60 }, (_, minute) => ({
    timestamp: ago(60 - minute),
    entity: 'orders-db',
    metric,
    value: minute < 40 ? before : now,
  }));
}

describe('a failure mode in attached metrics and events of a managed database is the root cause', () => {
  const calm = measured('CPUUtilization', 20, 21);
  const eventOf = (message: string) => [{ date: ago(10), source: 'orders-db', entity: 'orders-db', message }];
  it.each<[mode: string, rootCause: RegExp, database: object[], events: object[]]>([
    ['cpu_saturation', /^orders-db uses 97 % of its CPU/, measured('CPUUtilization', 20, 97), []],
    ['replication_lag', /^orders-db lags 900 s behind/, measured('ReplicaLag', 1, 900), []],
    ['storage_full', /^orders-db has 1 % left of the storage that was free/, measured('FreeStorageSpace', 100e9, 1e9), []],
    ['connection_exhaustion', /^orders-db has 495 of 500 connections in use/, calm, eventOf('Current connections: 495 of 500')],
    ['failover', /^orders-db failed over to its standby/, calm, eventOf('Multi-AZ instance failover completed')],
    ['lock_contention', /^orders-db lets sessions wait 60 s for a lock/, measured('longest_lock_wait', 0, 60), []],
  ])('%s', async (_, rootCause, database, events) => {
    const tenant = await newTenant(server.url);
    const incidentId = await openIncident(tenant, { ...INCIDENT, service: 'orders-db' });
    for (const [type, content] of [['database', database], ['platform_event', events]] as const) {
      if (content.length === 0) continue;
      const answer = await tenant.api.post(`/v1/incidents/${incidentId}/evidence`, { type, source: 'rds', content });
      expect(answer.status).toBe(201);
    }
    expect((await investigated(tenant, incidentId)).rootCause).toMatch(rootCause);
  }); // prettier-ignore
});
