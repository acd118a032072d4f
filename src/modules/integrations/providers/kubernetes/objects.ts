import type {
  CoreV1Event,
  V1Container,
  V1ContainerStatus,
  V1Deployment,
  V1Node,
  V1Pod,
  V1PodStatus,
  V1ReplicaSet,
  V1ResourceQuota,
  V1StatefulSet,
} from '@kubernetes/client-node/dist/gen/index.js';
import type { PulledRow } from '../../api.js';

const REVISION = 'deployment.kubernetes.io/revision';
/** Node conditions that are bad when true. `Ready` is bad when it is not true. */
const TROUBLES_OF_NODES: readonly string[] = [
  'MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable', 'KernelDeadlock', 'ReadonlyFilesystem',
]; // prettier-ignore

/**
 * The current state of a pod, with the reason of its worst container, and how its containers terminated since a time. None for a
 * pod that completed, or that failed before that time and was not cleaned up.
 */
export function podState({ metadata, status }: V1Pod, since: Date): PulledRow[] {
  const entity = metadata?.name;
  if (!entity || !status || status.phase === 'Succeeded') return [];
  if (status.phase === 'Failed' && failedBefore(status, since)) return [];
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const restarts = containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const leaving = Boolean(metadata.deletionTimestamp);
  const ready = !leaving && holds(status, 'Ready');
  const about = { kind: 'pod', entity, ready, restarts };
  return [
    ready ? about : { ...about, ...(leaving ? { reason: 'Terminating' } : troubleOf(status, containers)) },
    ...containers.flatMap((container) => endings(entity, container, since)),
  ];
}

function failedBefore({ conditions, containerStatuses }: V1PodStatus, since: Date): boolean {
  const moments = [
    ...(conditions ?? []).map(({ lastTransitionTime }) => lastTransitionTime),
    ...(containerStatuses ?? []).map(({ state }) => state?.terminated?.finishedAt),
  ].flatMap((moment) => moment ?? []);
  return moments.length > 0 && moments.every((moment) => moment < since);
}

function troubleOf(status: V1PodStatus, containers: readonly V1ContainerStatus[]): PulledRow {
  for (const { state, lastState } of containers) {
    const [waiting, ended, before] = [state?.waiting, state?.terminated, lastState?.terminated];
    const withReason = [waiting, ended, before].filter((each) => each?.reason);
    if (withReason.length === 0 || withReason[0]?.reason === 'Completed') continue;
    return {
      reason: withReason.map((each) => each?.reason).join(', last ended by '),
      message: shortened(withReason.find((each) => each?.message)?.message),
      exitCode: ended?.exitCode ?? before?.exitCode,
    };
  }
  const unscheduled = conditionOf(status, 'PodScheduled');
  const condition = unscheduled?.status === 'False' ? unscheduled : conditionOf(status, 'Ready');
  return {
    reason: status.reason ?? condition?.reason,
    message: shortened(status.message ?? condition?.message),
  };
}

/** The state of a restarted container does not say why it was terminated before, so that is added as an event. */
function endings(pod: string, { name, state, lastState }: V1ContainerStatus, since: Date): PulledRow[] {
  return [state?.terminated, lastState?.terminated].flatMap((ended) =>
    !ended?.finishedAt || ended.exitCode === 0 || ended.finishedAt < since
      ? []
      : {
          timestamp: moment(ended.finishedAt),
          entity: `Pod/${pod}`,
          reason: ended.reason ?? 'Error',
          message: `container ${name} ended with status ${ended.exitCode}`,
          level: 'warning',
        },
  );
}

/** A StatefulSet is read like a Deployment: a number of pods that should be ready. */
export function deploymentState({ metadata, spec, status }: V1Deployment | V1StatefulSet): PulledRow[] {
  const entity = metadata?.name;
  if (!entity) return [];
  const [wanted, served] = [spec?.replicas ?? 1, status?.readyReplicas ?? 0];
  const refused = conditionOf(status, 'ReplicaFailure');
  const progressing = conditionOf(status, 'Progressing');
  const stuck = [
    ...(refused?.status === 'True' ? [refused] : []),
    ...(progressing?.status === 'False' ? [progressing] : []),
  ];
  const ready = served >= wanted && stuck.length === 0;
  if (ready) return [{ kind: 'deployment', entity, ready }];
  const available = conditionOf(status, 'Available');
  const condition = stuck[0] ?? (available?.status === 'False' ? available : undefined);
  const message = shortened(condition?.message) ?? `${served} of ${wanted} replicas are ready`;
  return [{ kind: 'deployment', entity, ready, reason: condition?.reason, message }];
}

export function nodeState({ metadata, status }: V1Node): PulledRow[] {
  const entity = metadata?.name;
  if (!entity) return [];
  const readiness = conditionOf(status, 'Ready');
  const pressures = (status?.conditions ?? []).filter(
    (each) => TROUBLES_OF_NODES.includes(each.type) && each.status === 'True',
  );
  const isReady = readiness?.status === 'True';
  if (isReady && pressures.length === 0) return [{ kind: 'node', entity, ready: true }];
  return [
    {
      kind: 'node',
      entity,
      ready: false,
      reason: [...(isReady ? [] : [readiness?.reason ?? 'NodeNotReady']), ...pressures.map(({ type }) => type)].join(' '),
      message: shortened((isReady ? pressures[0] : readiness)?.message),
    },
  ]; // prettier-ignore
}

export function event(item: CoreV1Event): PulledRow[] {
  const { metadata, involvedObject: about, reason, message, type, count, series } = item;
  const at = item.lastTimestamp ?? series?.lastObservedTime ?? item.eventTime ?? metadata.creationTimestamp;
  if (!at || !message) return [];
  return [
    {
      timestamp: moment(at),
      entity: `${about.kind ?? 'Object'}/${about.name ?? ''}`,
      message: shortened(message),
      reason,
      level: type === 'Warning' ? 'warning' : 'info',
      count: series?.count ?? count,
    },
  ];
}

/** The usage of each quota. Rejections because of a quota are events of the object that was rejected. */
export function quotaUse({ metadata, status }: V1ResourceQuota, at: Date): PulledRow[] {
  const uses = Object.entries(status?.hard ?? {}).map(
    ([resource, hard]) => `${resource} ${status?.used?.[resource] ?? '0'} of ${hard}`,
  );
  if (!metadata?.name || uses.length === 0) return [];
  const message = `in use: ${uses.join(', ')}`;
  return [{ timestamp: moment(at), entity: `ResourceQuota/${metadata.name}`, message, level: 'info' }];
}

/** Each ReplicaSet of a Deployment is one rollout of it. */
export function rollouts(replicaSets: readonly V1ReplicaSet[], since: Date): PulledRow[] {
  const known = replicaSets.flatMap(({ metadata, spec }) => {
    const service = metadata?.ownerReferences?.find(({ kind }) => kind === 'Deployment')?.name;
    const [at, revision] = [metadata?.creationTimestamp, Number(metadata?.annotations?.[REVISION])];
    if (!service || !at || !Number.isFinite(revision)) return [];
    const images = (spec?.template?.spec?.containers ?? []).map(({ image }: V1Container) => image ?? 'none');
    return [{ service, at, revision, images, version: versionOf(images[0]) }];
  });
  return known
    .filter(({ at }) => at >= since)
    .map(({ service, at, revision, images, version }) => ({
      type: 'deploy',
      service,
      occurredAt: moment(at),
      summary: `Rollout of revision ${revision} of ${service}: ${images.join(', ')}`,
      version,
      previousVersion: known.find((other) => other.service === service && other.revision === revision - 1)?.version,
    })); // prettier-ignore
}

/** The tag of an image, else the start of its digest. */
function versionOf(image: string | undefined): string | undefined {
  return /(?:@sha256:([0-9a-f]{12})|:([\w.-]+))/
    .exec(image?.replace(/^.*\//, '') ?? '')
    ?.slice(1)
    .find(Boolean);
}

/**
 * The API sends some absent fields as null, which the client's types do not declare, so every access here uses ?. and ??.
 */
type Conditions<C> = { readonly conditions?: readonly C[] } | undefined;

function conditionOf<C extends { readonly type: string }>(of: Conditions<C>, type: string): C | undefined {
  return of?.conditions?.find((condition) => condition.type === type);
}

function holds(status: V1PodStatus, type: string): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/** The client parses most timestamps into dates and leaves those with microseconds as strings. */
function moment(at: Date): string {
  return new Date(at).toISOString();
}

function shortened(text: string | undefined): string | undefined {
  return text?.slice(0, 2_000);
}
