import type { EvidenceQuestion, PulledRow, PulledType } from '../../api.js';
import { verifyLogin } from '../alert-sources/alert-source.js';
import { partOf } from '../part-of.js';
import {
  type Connection,
  ProviderError,
  type Outside,
  type Provider,
  type SourceAnswer,
} from '../provider.js';
import { type Cluster, clusterOf } from './cluster.js';
import { KubernetesConfig, KubernetesCredentials } from './config.js';
import { deploymentState, event, nodeState, podState, quotaUse, rollouts } from './objects.js';
import { noticesOfWarnings } from './warnings.js';

type Kubernetes = Connection<KubernetesConfig, KubernetesCredentials>;

/** Of one kind in one namespace. */
const MAX_PAGES = 4;
const OBJECTS_OF_PAGE = 500;
const CHANGES_BEFORE_ALERT = 6 * 60 * 60_000;

export const kubernetes: Provider<KubernetesConfig, KubernetesCredentials> = {
  provider: 'kubernetes',
  displayName: 'Kubernetes',
  category: 'platform',
  capabilities: ['evidence', 'alerts'],
  authType: 'token',
  config: KubernetesConfig,
  credentials: KubernetesCredentials,
  setupGuide: [
    '1. `kubectl create serviceaccount causeflow -n shop`',
    '2. `kubectl create rolebinding causeflow -n shop --clusterrole=view --serviceaccount=shop:causeflow`, for each namespace.',
    '3. For the state of nodes: `kubectl create clusterrole causeflow-nodes --verb=list --resource=nodes` and a binding to it.',
    '4. `kubectl create token causeflow -n shop --duration=8760h` gives the `token`.',
    '5. `caCertificate` is `certificate-authority-data` of your kubeconfig, decoded.',
    '6. To have Warning events open incidents: the webhook receiver of kubernetes-event-exporter, or the sink of a Knative ApiServerSource,',
    '   with the `ingestUrl` of the connect response as its address. For a header `Authorization: Bearer …` there give the token here as',
    '   `webhookToken`. The reason and the object make one alert; Normal events are ignored, and nothing is resolved by an event.',
  ].join('\n'),

  async probe(connection, outside) {
    const { core } = await clusterOf(connection, outside);
    for (const namespace of connection.config.namespaces) {
      const { kind } = await core.listNamespacedPod({ namespace, limit: 1 });
      if (kind !== 'PodList')
        throw new ProviderError('The URL responds, but not like the API of Kubernetes.');
    }
  },

  evidence: { pull },

  webhooks: {
    mediaTypes: [],
    // Two clusters may have objects of the same name.
    idsUniquePer: 'integration',
    verify: ({ config, credentials: { webhookToken } }, delivery) =>
      webhookToken === undefined
        ? undefined
        : verifyLogin({ config, credentials: { bearerToken: webhookToken } }, delivery),
    notices: noticesOfWarnings,
  },
};

async function* pull(
  connection: Kubernetes,
  question: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const cluster = await clusterOf(connection, outside, signal);
  const { namespaces } = connection.config;
  const listed = [
    ...namespaces.flatMap((namespace) => inNamespace(cluster, namespace, question)),
    list({
      path: '/api/v1/nodes',
      type: 'platform_event',
      page: (how) => cluster.core.listNode(how),
      read: (nodes) => nodes.flatMap(nodeState),
    }),
  ];
  for (const answers of await Promise.all(listed)) yield* answers;
}

function inNamespace(
  { core, apps }: Cluster,
  namespace: string,
  { from, to, alertedAt }: EvidenceQuestion,
): Promise<SourceAnswer[]>[] {
  const [coreV1, appsV1] = ['api', 'apis/apps'].map((api) => `/${api}/v1/namespaces/${namespace}`);
  const since = new Date(alertedAt.getTime() - CHANGES_BEFORE_ALERT);
  const isRecent = ({ timestamp }: PulledRow) => Date.parse(String(timestamp)) >= from.getTime();
  const type = 'platform_event';
  return [
    list({
      path: `${coreV1}/pods`,
      type,
      page: (how) => core.listNamespacedPod({ namespace, ...how }),
      read: (pods) => pods.flatMap((pod) => podState(pod, from)),
      none: `there is no pod in the namespace ${namespace}.`,
    }),
    list({
      path: `${appsV1}/deployments`,
      type,
      page: (how) => apps.listNamespacedDeployment({ namespace, ...how }),
      read: (deployments) => deployments.flatMap(deploymentState),
    }),
    list({
      path: `${appsV1}/statefulsets`,
      type,
      page: (how) => apps.listNamespacedStatefulSet({ namespace, ...how }),
      read: (statefulSets) => statefulSets.flatMap(deploymentState),
    }),
    list({
      path: `${coreV1}/events`,
      type,
      page: (how) => core.listNamespacedEvent({ namespace, ...how }),
      read: (events) => events.flatMap(event).filter(isRecent),
    }),
    list({
      path: `${coreV1}/resourcequotas`,
      type,
      page: (how) => core.listNamespacedResourceQuota({ namespace, ...how }),
      read: (quotas) => quotas.flatMap((quota) => quotaUse(quota, to)),
    }),
    list({
      path: `${appsV1}/replicasets`,
      type: 'deployment',
      page: (how) => apps.listNamespacedReplicaSet({ namespace, ...how }),
      read: (replicaSets) => rollouts(replicaSets, since),
    }),
  ];
}

/** One list request and the rows derived from it. */
interface Listing<T> {
  readonly path: string;
  readonly type: PulledType;
  readonly page: (how: Page) => Promise<List<T>>;
  readonly read: (items: readonly T[]) => PulledRow[];
  /** What an empty list means, if it should be reported. */
  readonly none?: string;
}

interface Page {
  readonly limit: number;
  readonly _continue?: string;
}

interface List<T> {
  readonly items: readonly T[] | null;
  readonly metadata?: { readonly _continue?: string };
}

/** A list that may not be read is reported as missing; the others continue. */
function list<T>(listing: Listing<T>): Promise<SourceAnswer[]> {
  return partOf(listing.path, readPages(listing));
}

async function readPages<T>({ path, type, page, read, none }: Listing<T>): Promise<SourceAnswer[]> {
  const items: T[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < MAX_PAGES && (pages === 0 || next); pages++) {
    const answer = await page({ limit: OBJECTS_OF_PAGE, ...(next && { _continue: next }) });
    items.push(...(answer.items ?? []));
    next = answer.metadata?._continue;
  }
  return [
    { type, query: `GET ${path}`, rows: read(items) },
    ...(next ? [{ missing: `${path} has more than the ${items.length} objects that were read.` }] : []),
    ...(none !== undefined && items.length === 0 ? [{ missing: none }] : []),
  ];
}
