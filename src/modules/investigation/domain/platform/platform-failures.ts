import type { Cited } from '../evidence/cited.js';
import type { LogLine, PlatformState } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import type { FailureMode } from './failure-mode.js';
import { namedCauseIn } from '../logs/named-causes.js';

/** An object of the platform that does not work, and why. */
export interface PlatformFailure {
  readonly mode: FailureMode;
  readonly entity: string;
  /** The state or message that shows it. */
  readonly detail: string;
  readonly evidenceIds: readonly string[];
  /** Whether the current state shows it. Otherwise only events do, and the failure may be over. */
  readonly current: boolean;
}

// The first match wins. Rules that name a reason come before rules that only name a symptom.
const RULES: readonly (readonly [FailureMode, RegExp])[] = [
  ['resource_quota_exceeded', /exceeded quota|quotaexceeded|forbidden: .{0,40}quota/i],
  ['oom_killed', /oomkill|oom.killed|out of memory|memory cgroup/i],
  // The kubelet kills containers that fail these probes; those that do not stop in time exit with code 137.
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
/** Failures that a lost node does not explain. */
const OWN_FAULT: ReadonlySet<FailureMode> = new Set([
  'resource_quota_exceeded',
  'oom_killed',
  'image_pull_backoff',
]);
/** Failures seen from outside, whose reason may be in the program's own logs, and the reasons to look for. */
const SYMPTOMS: ReadonlySet<FailureMode> = new Set([
  'probe_failure',
  'deployment_rollout_stuck',
  'crash_loop',
]);
const EXPLAINS: ReadonlySet<FailureMode> = new Set(['dns_resolution_failure', 'oom_killed', 'storage_full']);
/** Milliseconds. Lines older than this before the latest line are about something else. */
const RECENT = 60 * 60_000;

export interface PlatformEvidence {
  readonly states: readonly Cited<PlatformState>[];
  readonly events: readonly Cited<LogLine>[];
  /** Logs of programs, events included. */
  readonly logs?: readonly Cited<LogLine>[];
  /** The service that the alert is about. */
  readonly service?: string | null;
}

/**
 * Current failures, those of the failing service first. States take precedence over events: if every known state is
 * healthy, events are about failures that are over. Leftovers are ignored: pods that are terminating, and pods of an old
 * ReplicaSet without recent events while the current one serves in full.
 */
export function platformFailures({
  states,
  events,
  logs = [],
  service = null,
}: PlatformEvidence): PlatformFailure[] {
  const [recentEvents, recentLogs] = [recentLines(events), recentLines(logs)];
  const isLeftover = leftoversIn(states, recentEvents);
  const unhealthy = states.filter(({ row }) => !row.ready && row.kind !== 'monitor' && !isLeftover(row));
  if (states.some(({ row }) => row.kind !== 'monitor') && unhealthy.length === 0) return [];
  const relevant = recentEvents.filter(({ row }) => isAbout(row, unhealthy) || unhealthy.length === 0);
  const isNewBesideOld = rolloutsIn(states);
  const failures = [...unhealthy]
    .sort(byReach)
    .flatMap((state) => failureOf(state, relevant, recentLogs, isNewBesideOld));
  // A crash loop is only worth reporting when nothing tells the reason.
  const reasons = failures.filter(({ mode }) => mode !== 'crash_loop');
  if (reasons.length > 0) return reasons.sort((a, b) => priority(a, service) - priority(b, service));
  if (failures.length > 0) {
    // If only other services crash, the failing service's logs may name what it misses.
    const missed = service === null ? undefined : explanationOf({ entity: service }, recentLogs);
    return [
      ...(service !== null && missed
        ? [{ ...missed, entity: service, evidenceIds: [missed.evidenceId], current: true }]
        : []),
      ...failures,
    ];
  }
  return relevant.flatMap(({ row, evidenceId }) => {
    const mode = modeOf([row.message]);
    if (mode === undefined || /recovered|resolved/i.test(row.message)) return [];
    const current = unhealthy.length > 0;
    return [{ mode, entity: row.entity, detail: row.message, evidenceIds: [evidenceId], current }];
  });
}

/** The failure of one unhealthy object, by its state, its events and its program's logs; none if no rule matches. */
function failureOf(
  { row, evidenceId }: Cited<PlatformState>,
  events: readonly Cited<LogLine>[],
  logs: readonly Cited<LogLine>[],
  isNewBesideOld: (state: PlatformState) => boolean,
): PlatformFailure[] {
  const own = events.filter((event) => isAbout(event.row, [{ row }]));
  const state = [
    row.reason,
    row.exitCode === undefined ? undefined : `exit code ${row.exitCode}`,
    row.message,
  ].filter((part) => part !== undefined);
  const texts = [state.join(' '), ...own.map((event) => event.row.message)];
  const seen = row.kind === 'node' && !isFull(row) ? 'node_not_ready' : modeOf(texts);
  const explained = seen === undefined || SYMPTOMS.has(seen) ? explanationOf(row, logs) : undefined;
  const mode =
    explained?.mode ?? (seen === 'crash_loop' && isNewBesideOld(row) ? 'deployment_rollout_stuck' : seen);
  if (mode === undefined) return [];
  return [
    {
      mode,
      entity: row.entity,
      detail: explained?.detail ?? texts.find((text) => modeOf([text]) === mode) ?? texts.join(' '),
      evidenceIds: [
        evidenceId,
        ...own.map((event) => event.evidenceId),
        ...(explained ? [explained.evidenceId] : []),
      ],
      current: true,
    },
  ];
}

/** A node whose only problem is its disk. */
function isFull({ reason }: PlatformState): boolean {
  return /^disk.?pressure$/i.test(reason ?? '');
}

function recentLines(lines: readonly Cited<LogLine>[]): readonly Cited<LogLine>[] {
  const last = lines.reduce((latest, { row }) => Math.max(latest, row.timestamp), Number.NEGATIVE_INFINITY);
  return lines.filter(({ row }) => row.timestamp >= last - RECENT);
}

/** Lower comes first: own faults of the failing service, then nodes, which take their pods down, then its other failures. */
function priority({ mode, entity }: PlatformFailure, service: string | null): number {
  const own = service === null || entity === service || entity.startsWith(`${service}-`);
  if (own && OWN_FAULT.has(mode)) return 0;
  if (mode === 'node_not_ready') return 1;
  return own ? 2 : 3;
}

/** The last log line of the same program that names a cause which explains such a failure. */
function explanationOf(
  { entity }: Pick<PlatformState, 'entity'>,
  logs: readonly Cited<LogLine>[],
): { readonly mode: FailureMode; readonly detail: string; readonly evidenceId: string } | undefined {
  const line = logs.findLast(({ row }) => {
    const mode = sameProgram(row.entity, entity) ? namedCauseIn(row.message)?.failureMode : undefined;
    return mode !== undefined && EXPLAINS.has(mode);
  });
  const mode = line && namedCauseIn(line.row.message)?.failureMode;
  return line && mode ? { mode, detail: line.row.message, evidenceId: line.evidenceId } : undefined;
}

function sameProgram(writer: string, entity: string): boolean {
  return (
    writer !== '' && (entity === writer || entity.startsWith(`${writer}-`) || writer.startsWith(`${entity}-`))
  );
}

/** All states except leftovers, if all of them are healthy and some are not of monitors; else none. */
export function healthyStates({ states, events }: PlatformEvidence): readonly Cited<PlatformState>[] {
  const isLeftover = leftoversIn(states, recentLines(events));
  const known = states.filter(({ row }) => !isLeftover(row));
  const isHealthy = known.some(({ row }) => row.kind !== 'monitor') && known.every(({ row }) => row.ready);
  return isHealthy ? known : [];
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

/** Tells of a pod whether one of another ReplicaSet of the same deployment is ready. */
function rolloutsIn(states: readonly Cited<PlatformState>[]): (pod: PlatformState) => boolean {
  const deployments = new Set<string>();
  const readyOf = new Map<string, Set<string>>();
  for (const { row } of states) {
    if (row.kind === 'deployment') deployments.add(row.entity);
    if (row.kind !== 'pod' || !row.ready) continue;
    const replicaSet = replicaSetOf(row.entity);
    getOrAdd(readyOf, replicaSetOf(replicaSet), () => new Set<string>()).add(replicaSet);
  }
  return ({ kind, entity }) => {
    const own = replicaSetOf(entity);
    const deployment = replicaSetOf(own);
    const ready = readyOf.get(deployment);
    const isOtherReady = ready !== undefined && (ready.size > 1 || !ready.has(own));
    return kind === 'pod' && deployments.has(deployment) && isOtherReady;
  };
}

function replicaSetOf(pod: string): string {
  return pod.replace(/-[^-]+$/, '');
}

/** Events name objects as `Pod/name`; the name of a ReplicaSet or deployment is a prefix of its pods' names. */
function isAbout({ entity }: LogLine, of: readonly { readonly row: PlatformState }[]): boolean {
  const name = entity.replace(/^.*\//, '');
  return of.some(
    ({ row }) =>
      name !== '' &&
      (row.entity === name || row.entity.startsWith(`${name}-`) || name.startsWith(`${row.entity}-`)),
  );
}

const REACH: readonly PlatformState['kind'][] = ['node', 'pod', 'deployment'];

/** Deployments last: their failures are those of their pods, unless they have none. */
function byReach(a: Cited<PlatformState>, b: Cited<PlatformState>): number {
  return REACH.indexOf(a.row.kind) - REACH.indexOf(b.row.kind);
}
