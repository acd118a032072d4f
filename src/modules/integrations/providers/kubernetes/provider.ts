import type { EvidenceQuestion, PulledRow, PulledType } from '../../api.js';
import { JsonSource } from '../json-source.js';
import { type Connection, NoAnswer, type Outside, type Provider, type SourceAnswer } from '../provider.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { KubernetesConfig, KubernetesCredentials } from './config.js';
import { deploymentState, event, nodeState, podState, rollouts } from './objects.js';

type Kubernetes = Connection<KubernetesConfig, KubernetesCredentials>;

const NAME = 'Kubernetes';
/** Of one kind in one namespace. */
const MOST_OBJECTS = 500;
const CHANGES_BEFORE_ALERT = 6 * 60 * 60_000;

export const kubernetes: Provider<KubernetesConfig, KubernetesCredentials> = {
  provider: 'kubernetes',
  displayName: 'Kubernetes',
  category: 'platform',
  capabilities: ['evidence'],
  authType: 'token',
  config: KubernetesConfig,
  credentials: KubernetesCredentials,
  setupGuide: [
    '1. `kubectl create serviceaccount causeflow -n shop`',
    '2. `kubectl create rolebinding causeflow -n shop --clusterrole=view --serviceaccount=shop:causeflow`, for each namespace.',
    '3. For the state of nodes: `kubectl create clusterrole causeflow-nodes --verb=list --resource=nodes` and a binding to it.',
    '4. `kubectl create token causeflow -n shop --duration=8760h` gives the `token`.',
    '5. `caCertificate` is `certificate-authority-data` of your kubeconfig, decoded.',
  ].join('\n'),

  async probe(connection, outside) {
    const source = sourceOf(connection, outside);
    for (const namespace of connection.config.namespaces) {
      const { kind } = objectOf(await source.get(`/api/v1/namespaces/${namespace}/pods`, [['limit', '1']]));
      if (kind !== 'PodList')
        throw new NoAnswer('The address answers, but not as the API of Kubernetes does.');
    }
  },

  evidence: { pull },
};

function sourceOf({ config, credentials }: Kubernetes, { http }: Outside, signal?: AbortSignal): JsonSource {
  const { url, caCertificate } = config;
  const headers = { authorization: `Bearer ${credentials.token}` };
  return new JsonSource({ name: NAME, url, headers, http, signal, caCertificate });
}

/** One list of the API and what is made of it. */
interface Listing {
  readonly path: string;
  readonly type: PulledType;
  read(items: readonly unknown[]): PulledRow[];
}

async function* pull(
  connection: Kubernetes,
  question: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const source = sourceOf(connection, outside, signal);
  const listings = [...connection.config.namespaces.flatMap((name) => listingsOf(name, question)), NODES];
  for (const answers of await Promise.all(listings.map((listing) => list(source, listing)))) yield* answers;
}

const NODES: Listing = {
  path: '/api/v1/nodes',
  type: 'platform_event',
  read: (items) => items.flatMap(nodeState),
};

function listingsOf(namespace: string, { from, alertedAt }: EvidenceQuestion): Listing[] {
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;
  const since = new Date(alertedAt.getTime() - CHANGES_BEFORE_ALERT);
  const isRecent = ({ timestamp }: PulledRow) => Date.parse(String(timestamp)) >= from.getTime();
  return [
    { path: `${core}/pods`, type: 'platform_event', read: (items) => items.flatMap(podState) },
    { path: `${apps}/deployments`, type: 'platform_event', read: (items) => items.flatMap(deploymentState) },
    {
      path: `${core}/events`,
      type: 'platform_event',
      read: (items) => items.flatMap(event).filter(isRecent),
    },
    { path: `${apps}/replicasets`, type: 'deployment', read: (items) => rollouts(items, since) },
  ];
}

/** A list that may not be read is told, and the others go on. */
async function list(source: JsonSource, listing: Listing): Promise<SourceAnswer[]> {
  const { path, type } = listing;
  try {
    const answer = objectOf(await source.get(path, [['limit', String(MOST_OBJECTS)]]));
    const answers: SourceAnswer[] = [
      { type, query: `GET ${path}`, rows: listing.read(listOf(answer['items'])) },
    ];
    if (textOf(objectOf(answer['metadata'])['continue']) !== undefined)
      answers.push({ missing: `${path} has more than the ${MOST_OBJECTS} objects that were read.` });
    return answers;
  } catch (error) {
    if (error instanceof NoAnswer) return [{ missing: `${path} could not be read: ${error.message}` }];
    throw error;
  }
}
