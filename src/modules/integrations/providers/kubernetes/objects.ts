import type { PulledRow } from '../../api.js';
import { listOf, numberOf, objectOf, textOf } from '../read-json.js';

type Json = Readonly<Record<string, unknown>>;

const REVISION = 'deployment.kubernetes.io/revision';

/** A pod as it is now: unwell with the reason of its worst container. None for a pod whose work is done. */
export function podState(pod: unknown): PulledRow[] {
  const { metadata, status } = partsOf(pod);
  const entity = textOf(metadata['name']);
  if (entity === undefined || status['phase'] === 'Succeeded') return [];
  const containers = [...listOf(status['initContainerStatuses']), ...listOf(status['containerStatuses'])].map(
    objectOf,
  );
  const restarts = containers.reduce((sum, { restartCount }) => sum + (numberOf(restartCount) ?? 0), 0);
  const ready =
    conditionOf(status, 'Ready')?.['status'] === 'True' && metadata['deletionTimestamp'] === undefined;
  const about = { kind: 'pod', entity, ready, restarts };
  if (ready) return [about];
  return [{ ...about, ...troubleOf(metadata, status, containers) }];
}

function troubleOf(metadata: Json, status: Json, containers: readonly Json[]): PulledRow {
  if (metadata['deletionTimestamp'] !== undefined) return { reason: 'Terminating' };
  for (const container of containers) {
    const waiting = objectOf(objectOf(container['state'])['waiting']);
    const ended = objectOf(objectOf(container['state'])['terminated']);
    const before = objectOf(objectOf(container['lastState'])['terminated']);
    const reasons = [waiting['reason'], ended['reason'], before['reason']].flatMap(
      (reason) => textOf(reason) ?? [],
    );
    if (reasons.length === 0 || reasons[0] === 'Completed') continue;
    return said(
      reasons.join(', last ended by '),
      waiting['message'] ?? ended['message'] ?? before['message'],
      ended['exitCode'] ?? before['exitCode'],
    );
  }
  const unscheduled = conditionOf(status, 'PodScheduled');
  const condition = unscheduled?.['status'] === 'False' ? unscheduled : conditionOf(status, 'Ready');
  return said(textOf(status['reason']) ?? condition?.['reason'], status['message'] ?? condition?.['message']);
}

export function deploymentState(deployment: unknown): PulledRow[] {
  const { metadata, spec, status } = partsOf(deployment);
  const entity = textOf(metadata['name']);
  if (entity === undefined) return [];
  const wanted = numberOf(spec['replicas']) ?? 1;
  const progressing = conditionOf(status, 'Progressing');
  const stuck = progressing?.['status'] === 'False';
  const ready = (numberOf(status['readyReplicas']) ?? 0) >= wanted && !stuck;
  const condition = stuck ? progressing : conditionOf(status, 'Available');
  return [
    { kind: 'deployment', entity, ready, ...(!ready && said(condition?.['reason'], condition?.['message'])) },
  ];
}

export function nodeState(node: unknown): PulledRow[] {
  const { metadata, status } = partsOf(node);
  const entity = textOf(metadata['name']);
  if (entity === undefined) return [];
  const condition = conditionOf(status, 'Ready');
  const ready = condition?.['status'] === 'True';
  return [
    { kind: 'node', entity, ready, ...(!ready && said(condition?.['reason'], condition?.['message'])) },
  ];
}

export function event(item: unknown): PulledRow[] {
  const { metadata } = partsOf(item);
  const { involvedObject, reason, message, type, count, lastTimestamp, eventTime } = objectOf(item);
  const about = objectOf(involvedObject);
  const timestamp = textOf(lastTimestamp) ?? textOf(eventTime) ?? textOf(metadata['creationTimestamp']);
  const text = textOf(message);
  if (timestamp === undefined || text === undefined) return [];
  return [
    {
      timestamp,
      entity: `${textOf(about['kind']) ?? 'Object'}/${textOf(about['name']) ?? ''}`,
      message: text,
      ...(textOf(reason) !== undefined && { reason: textOf(reason) ?? '' }),
      level: type === 'Warning' ? 'warning' : 'info',
      ...(numberOf(count) !== undefined && { count: numberOf(count) ?? 1 }),
    },
  ];
}

/** Each ReplicaSet of a deployment is one rollout of it. */
export function rollouts(replicaSets: readonly unknown[], since: Date): PulledRow[] {
  const known = replicaSets.flatMap((replicaSet) => {
    const { metadata, spec } = partsOf(replicaSet);
    const owner = listOf(metadata['ownerReferences'])
      .map(objectOf)
      .find(({ kind }) => kind === 'Deployment');
    const [service, at] = [textOf(owner?.['name']), textOf(metadata['creationTimestamp'])];
    const revision = numberOf(objectOf(metadata['annotations'])[REVISION]);
    if (service === undefined || at === undefined || revision === undefined) return [];
    const containers = listOf(objectOf(objectOf(spec['template'])['spec'])['containers']).map(objectOf);
    const images = containers.flatMap(({ image }) => textOf(image) ?? []);
    return [{ service, at, revision, images, version: versionOf(images[0]) }];
  });
  return known
    .filter(({ at }) => Date.parse(at) >= since.getTime())
    .map(({ service, at, revision, images, version }) => {
      const before = known.find(
        (other) => other.service === service && other.revision === revision - 1,
      )?.version;
      return {
        type: 'deploy',
        service,
        occurredAt: at,
        summary: `Rollout of revision ${revision} of ${service}: ${images.join(', ')}`,
        ...(version !== undefined && { version }),
        ...(before !== undefined && { previousVersion: before }),
      };
    });
}

/** The tag, or the beginning of the digest, of an image. */
function versionOf(image: string | undefined): string | undefined {
  return /(?:@sha256:([0-9a-f]{12})|:([\w.-]+))/
    .exec(image?.replace(/^.*\//, '') ?? '')
    ?.slice(1)
    .find(Boolean);
}

function partsOf(object: unknown): { metadata: Json; spec: Json; status: Json } {
  const { metadata, spec, status } = objectOf(object);
  return { metadata: objectOf(metadata), spec: objectOf(spec), status: objectOf(status) };
}

function conditionOf(status: Json, type: string): Json | undefined {
  return listOf(status['conditions'])
    .map(objectOf)
    .find((condition) => condition['type'] === type);
}

function said(reason: unknown, message: unknown, exitCode?: unknown): PulledRow {
  const [why, text, code] = [textOf(reason), textOf(message), numberOf(exitCode)];
  return {
    ...(why !== undefined && { reason: why }),
    ...(text !== undefined && { message: text.slice(0, 2_000) }),
    ...(code !== undefined && { exitCode: code }),
  };
}
