import type { Cited } from '../evidence/evidence-set.js';
import type { LogLine, PlatformState } from '../evidence/evidence.js';
import type { FailureMode } from './failure-mode.js';
import { namedCauseIn } from '../logs/named-causes.js';

/** Something on the platform that does not work right now, and why. */
export interface PlatformFailure {
  readonly mode: FailureMode;
  readonly entity: string;
  /** In the platform's own words. */
  readonly said: string;
  readonly evidenceIds: readonly string[];
  /** Whether the current state shows it; else only events do, of which nothing tells whether they are over. */
  readonly current: boolean;
}

// The first that matches is taken: what names the reason stands before what only names the symptom.
const RULES: readonly (readonly [FailureMode, RegExp])[] = [
  ['resource_quota_exceeded', /exceeded quota|quotaexceeded|forbidden: .{0,40}quota/i],
  ['oom_killed', /oomkill|oom.killed|out of memory|memory cgroup/i],
  // The kubelet kills what fails these probes, with exit code 137 when it does not stop by itself.
  [
    'probe_failure',
    /failed (?:liveness|startup) probe|(?:liveness|startup) probe failed.{0,200}exit code 137/i,
  ],
  ['oom_killed', /exit.?code.?137/i],
  [
    'image_pull_backoff',
    /imagepull|errimage|invalidimagename|imageinspect|registryunavailable|(?:pull|pulling|unpack) image|manifest unknown/i,
  ],
  [
    'node_not_ready',
    /nodelost|nodenotready|node.?not.?ready|node .{0,80}(?:unresponsive|unreachable)|kubelet stopped/i,
  ],
  [
    'pending_pod',
    /failedscheduling|unschedulable|insufficient (?:cpu|memory)|untolerated taint|didn't match .{0,40}affinity/i,
  ],
  ['probe_failure', /(?:liveness|readiness|startup) probe|\bunhealthy\b|probe failed/i],
  [
    'deployment_rollout_stuck',
    /progressdeadline|rollout .{0,40}(?:stuck|stalled)|minimumreplicasunavailable/i,
  ],
  ['storage_full', /no space left|disk.?pressure|evicted.{0,80}ephemeral/i],
  ['crash_loop', /crashloop|restarting failed container/i],
];
/** A node that is gone explains none of these. */
const OWN_FAULT: ReadonlySet<FailureMode> = new Set([
  'resource_quota_exceeded',
  'oom_killed',
  'image_pull_backoff',
]);
/** What these look like from outside, a program's own messages explain from inside. */
const SYMPTOMS: ReadonlySet<FailureMode> = new Set([
  'probe_failure',
  'deployment_rollout_stuck',
  'crash_loop',
]);
const EXPLAINS: ReadonlySet<FailureMode> = new Set(['dns_resolution_failure', 'oom_killed', 'storage_full']);
/** What was last told so long before the latest is another story. */
const STILL_TOLD = 60 * 60_000;

/** What is asked of the platform. */
export interface PlatformEvidence {
  readonly states: readonly Cited<PlatformState>[];
  readonly events: readonly Cited<LogLine>[];
  /** What programs wrote, events among it. */
  readonly logs?: readonly Cited<LogLine>[];
  /** That the alert is about. */
  readonly service?: string | null;
}

/**
 * What is wrong now, of the failing service first. The current state counts: when everything that is known of it is
 * well, events tell of what is over. A pod that is being removed, or that belongs to another ReplicaSet than those that
 * serve in full and is no longer spoken of, is a leftover.
 */
export function platformFailures({
  states,
  events,
  logs = [],
  service = null,
}: PlatformEvidence): PlatformFailure[] {
  const [recent, spoken] = [lately(events), lately(logs)];
  const isLeftover = leftoversIn(states, recent);
  const unwell = states.filter(({ row }) => !row.ready && row.kind !== 'monitor' && !isLeftover(row));
  if (states.some(({ row }) => row.kind !== 'monitor') && unwell.length === 0) return [];
  const told = recent.filter(({ row }) => isAbout(row, unwell) || unwell.length === 0);
  const failures = [...unwell].sort(byReach).flatMap(({ row, evidenceId }): PlatformFailure[] => {
    const own = told.filter((event) => isAbout(event.row, [{ row }]));
    const said = [
      row.reason,
      row.exitCode === undefined ? undefined : `exit code ${row.exitCode}`,
      row.message,
    ].filter((part) => part !== undefined);
    const texts = [said.join(' '), ...own.map((event) => event.row.message)];
    const seen = row.kind === 'node' && !isFull(row) ? 'node_not_ready' : modeOf(texts);
    const explained = seen === undefined || SYMPTOMS.has(seen) ? explanationOf(row, spoken) : undefined;
    const mode =
      explained?.mode ??
      (seen === 'crash_loop' && isNewBesideOld(row, states) ? 'deployment_rollout_stuck' : seen);
    if (mode === undefined) return [];
    return [
      {
        mode,
        entity: row.entity,
        said: explained?.said ?? texts.find((text) => modeOf([text]) === mode) ?? texts.join(' '),
        evidenceIds: [
          evidenceId,
          ...own.map((event) => event.evidenceId),
          ...(explained ? [explained.evidenceId] : []),
        ],
        current: true,
      },
    ];
  });
  // That something ends again and again is worth saying when nothing says why.
  const why = failures.filter(({ mode }) => mode !== 'crash_loop');
  if (why.length > 0) return why.sort((a, b) => standing(a, service) - standing(b, service));
  if (failures.length > 0) {
    // Where only others crash, the failing service may say what it misses of them.
    const missed = service === null ? undefined : explanationOf({ entity: service }, spoken);
    return [
      ...(service !== null && missed
        ? [{ ...missed, entity: service, evidenceIds: [missed.evidenceId], current: true }]
        : []),
      ...failures,
    ];
  }
  return told.flatMap(({ row, evidenceId }) => {
    const mode = modeOf([row.message]);
    if (mode === undefined || /recovered|resolved/i.test(row.message)) return [];
    return [
      { mode, entity: row.entity, said: row.message, evidenceIds: [evidenceId], current: unwell.length > 0 },
    ];
  });
}

/** A node that is ready but for its disk. */
function isFull({ reason }: PlatformState): boolean {
  return /^disk.?pressure$/i.test(reason ?? '');
}

function lately(lines: readonly Cited<LogLine>[]): readonly Cited<LogLine>[] {
  const last = lines.reduce((latest, { row }) => Math.max(latest, row.timestamp), Number.NEGATIVE_INFINITY);
  return lines.filter(({ row }) => row.timestamp >= last - STILL_TOLD);
}

/** What the failing service did to itself, then a node, which takes its pods with it, then the service's other troubles. */
function standing({ mode, entity }: PlatformFailure, service: string | null): number {
  const own = service === null || entity === service || entity.startsWith(`${service}-`);
  if (own && OWN_FAULT.has(mode)) return 0;
  if (mode === 'node_not_ready') return 1;
  return own ? 2 : 3;
}

/** The last message of the same program that names a cause which would look like this from outside. */
function explanationOf(
  { entity }: Pick<PlatformState, 'entity'>,
  logs: readonly Cited<LogLine>[],
): { readonly mode: FailureMode; readonly said: string; readonly evidenceId: string } | undefined {
  const told = logs.findLast(({ row }) => {
    const mode = sameProgram(row.entity, entity) ? namedCauseIn(row.message)?.failureMode : undefined;
    return mode !== undefined && EXPLAINS.has(mode);
  });
  const mode = told && namedCauseIn(told.row.message)?.failureMode;
  return told && mode ? { mode, said: told.row.message, evidenceId: told.evidenceId } : undefined;
}

function sameProgram(writer: string, entity: string): boolean {
  return (
    writer !== '' && (entity === writer || entity.startsWith(`${writer}-`) || writer.startsWith(`${entity}-`))
  );
}

/** All states but those of leftovers, where something is known of the platform right now and all of it is well; else none. */
export function healthyStates({ states, events }: PlatformEvidence): readonly Cited<PlatformState>[] {
  const isLeftover = leftoversIn(states, lately(events));
  const known = states.filter(({ row }) => !isLeftover(row));
  const isWell = known.some(({ row }) => row.kind !== 'monitor') && known.every(({ row }) => row.ready);
  return isWell ? known : [];
}

function modeOf(texts: readonly string[]): FailureMode | undefined {
  const start = texts.map((text) => text.slice(0, 1024));
  return RULES.find(([, words]) => start.some((text) => words.test(text)))?.[0];
}

function leftoversIn(
  states: readonly Cited<PlatformState>[],
  recent: readonly Cited<LogLine>[],
): (state: PlatformState) => boolean {
  const serving = states.filter(({ row }) => row.kind === 'pod' && row.ready);
  const replicaSets = new Set(serving.map(({ row }) => replicaSetOf(row.entity)));
  const deployments = states.filter(({ row }) => row.kind === 'deployment');
  const isServed = serving.length > 0 && deployments.length > 0 && deployments.every(({ row }) => row.ready);
  return (state) => {
    if (state.kind !== 'pod' || state.ready) return false;
    if (/terminating/i.test(state.reason ?? '')) return true;
    if (!isServed || replicaSets.has(replicaSetOf(state.entity))) return false;
    return !recent.some(({ row }) => isAbout(row, [{ row: state }]));
  };
}

/** Whether a pod of the same deployment, but of another ReplicaSet, serves. */
function isNewBesideOld({ kind, entity }: PlatformState, states: readonly Cited<PlatformState>[]): boolean {
  const [own, deployment] = [replicaSetOf(entity), replicaSetOf(replicaSetOf(entity))];
  return (
    kind === 'pod' &&
    states.some(({ row }) => row.kind === 'deployment' && row.entity === deployment) &&
    states.some(
      ({ row }) =>
        row.kind === 'pod' &&
        row.ready &&
        replicaSetOf(row.entity) !== own &&
        replicaSetOf(replicaSetOf(row.entity)) === deployment,
    )
  );
}

function replicaSetOf(pod: string): string {
  return pod.replace(/-[^-]+$/, '');
}

/** Events name objects as `Pod/name`, and a pod's ReplicaSet or deployment by a part of its name. */
function isAbout({ entity }: LogLine, of: readonly { readonly row: PlatformState }[]): boolean {
  const name = entity.replace(/^.*\//, '');
  return of.some(
    ({ row }) =>
      name !== '' &&
      (row.entity === name || row.entity.startsWith(`${name}-`) || name.startsWith(`${row.entity}-`)),
  );
}

const REACH: readonly PlatformState['kind'][] = ['node', 'pod', 'deployment'];

/** Deployments last: what happens to one is what happens to its pods, unless it has none. */
function byReach(a: Cited<PlatformState>, b: Cited<PlatformState>): number {
  return REACH.indexOf(a.row.kind) - REACH.indexOf(b.row.kind);
}
