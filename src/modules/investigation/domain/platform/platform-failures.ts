import type { Cited } from '../evidence/cited.js';
import type { LogLine, PlatformState } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import { namedCauseIn } from '../logs/named-causes.js';
import type { FailureMode } from './failure-mode.js';
import { LinesByObject, type PlacedLine } from './lines-by-object.js';
import { RelatedNames } from './related-names.js';

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

interface Explanation {
  readonly mode: FailureMode;
  readonly detail: string;
  readonly evidenceId: string;
}

type Events = LinesByObject<number>;
type Logs = LinesByObject<(Explanation & { readonly at: number }) | undefined>;

/** An unhealthy object, and which failure it shows. */
interface Diagnosis {
  readonly state: Cited<PlatformState>;
  readonly mode: FailureMode;
  readonly explained?: Explanation;
}

/**
 * Current failures, those of the failing service first. States take precedence over events: if every known state is
 * healthy, events are about failures that are over. Leftovers are ignored: pods that are terminating, and pods of an old
 * ReplicaSet without recent events while the current one serves in full.
 * @param most of the failures, the first ones; an outage may have thousands
 */
export function platformFailures(
  { states, events: allEvents, logs: allLogs = [], service = null }: PlatformEvidence,
  most = Number.POSITIVE_INFINITY,
): PlatformFailure[] {
  const recentEvents = recentLines(allEvents);
  const events = eventsByObject(recentEvents);
  const isLeftover = leftoversIn(states, events);
  const unhealthy = states.filter(({ row }) => !row.ready && row.kind !== 'monitor' && !isLeftover(row));
  if (states.some(({ row }) => row.kind !== 'monitor') && unhealthy.length === 0) return [];

  const logs: Logs = new LinesByObject(recentLines(allLogs), ({ entity }) => entity, lastExplanation);
  const isNewBesideOld = rolloutsIn(states);
  const found = [...unhealthy]
    .sort(byReach)
    .flatMap((state) => diagnose(state, events, logs, isNewBesideOld) ?? []);
  // A crash loop is only worth reporting when nothing tells the reason.
  const reasons = found.filter(({ mode }) => mode !== 'crash_loop');
  const shown =
    reasons.length > 0 ? reasons.sort((a, b) => priority(a, service) - priority(b, service)) : found;
  const failures = shown.slice(0, most).map((diagnosis) => failureOf(diagnosis, events));
  if (reasons.length > 0) return failures;
  if (failures.length > 0) {
    // If only other services crash, the failing service's logs may name what it misses.
    const missed = service === null ? undefined : explanationOf(service, logs);
    const first = service !== null && missed && named(service, missed);
    return [...(first ? [first] : []), ...failures].slice(0, most);
  }
  return failuresByEvents(recentEvents, unhealthy).slice(0, most);
}

function named(entity: string, { mode, detail, evidenceId }: Explanation): PlatformFailure {
  return { mode, entity, detail, evidenceIds: [evidenceId], current: true };
}

/** Without a state that shows a failure, what events tell of unhealthy objects, or of all if no state is known. */
function failuresByEvents(
  events: readonly Cited<LogLine>[],
  unhealthy: readonly Cited<PlatformState>[],
): PlatformFailure[] {
  const names = new RelatedNames(unhealthy.map(({ row }) => row.entity));
  const current = unhealthy.length > 0;
  return events.flatMap(({ row, evidenceId }) => {
    if (current && !names.has(objectOf(row))) return [];
    const mode = modeOf(row.message);
    if (mode === undefined || /recovered|resolved/i.test(row.message)) return [];
    return [{ mode, entity: row.entity, detail: row.message, evidenceIds: [evidenceId], current }];
  });
}

/** The failure of one unhealthy object, by its state, its events and its program's logs; none if no rule matches. */
function diagnose(
  state: Cited<PlatformState>,
  events: Events,
  logs: Logs,
  isNewBesideOld: (state: PlatformState) => boolean,
): Diagnosis | undefined {
  const { row } = state;
  const rule = events.summariesAbout(row.entity).reduce((a, b) => Math.min(a, b), ruleOf(textOf(row)));
  const seen = row.kind === 'node' && !isFull(row) ? 'node_not_ready' : RULES[rule]?.[0];
  const explained = seen === undefined || SYMPTOMS.has(seen) ? explanationOf(row.entity, logs) : undefined;
  const mode =
    explained?.mode ?? (seen === 'crash_loop' && isNewBesideOld(row) ? 'deployment_rollout_stuck' : seen);
  return mode && { state, mode, ...(explained && { explained }) };
}

function failureOf(
  { state: { row, evidenceId }, mode, explained }: Diagnosis,
  events: Events,
): PlatformFailure {
  const own = events.about(row.entity);
  const texts = [textOf(row), ...own.map((event) => event.row.message)];
  return {
    mode,
    entity: row.entity,
    detail: explained?.detail ?? texts.find((text) => modeOf(text) === mode) ?? texts.join(' '),
    evidenceIds: [
      evidenceId,
      ...own.map((event) => event.evidenceId),
      ...(explained ? [explained.evidenceId] : []),
    ],
    current: true,
  };
}

function textOf({ reason, exitCode, message }: PlatformState): string {
  const code = exitCode === undefined ? undefined : `exit code ${exitCode}`;
  return [reason, code, message].filter((part) => part !== undefined).join(' ');
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
function priority({ mode, state }: Diagnosis, service: string | null): number {
  const { entity } = state.row;
  const own = service === null || entity === service || entity.startsWith(`${service}-`);
  if (own && OWN_FAULT.has(mode)) return 0;
  if (mode === 'node_not_ready') return 1;
  return own ? 2 : 3;
}

/** The last log line of the same program that names a cause which explains such a failure. */
function explanationOf(entity: string, logs: Logs): Explanation | undefined {
  return logs
    .summariesAbout(entity)
    .reduce((last, each) => ((each?.at ?? -1) > (last?.at ?? -1) ? each : last), undefined);
}

function lastExplanation(lines: readonly PlacedLine[]): (Explanation & { readonly at: number }) | undefined {
  for (const { at, line } of [...lines].reverse()) {
    const mode = namedCauseIn(line.row.message)?.failureMode;
    if (mode !== undefined && EXPLAINS.has(mode))
      return { at, mode, detail: line.row.message, evidenceId: line.evidenceId };
  }
  return undefined;
}

/** All states except leftovers, if all of them are healthy and some are not of monitors; else none. */
export function healthyStates({ states, events }: PlatformEvidence): readonly Cited<PlatformState>[] {
  const isLeftover = leftoversIn(states, eventsByObject(recentLines(events)));
  const known = states.filter(({ row }) => !isLeftover(row));
  const isHealthy = known.some(({ row }) => row.kind !== 'monitor') && known.every(({ row }) => row.ready);
  return isHealthy ? known : [];
}

function modeOf(text: string): FailureMode | undefined {
  return RULES[ruleOf(text)]?.[0];
}

/** The index of the first rule that matches, or Infinity. */
function ruleOf(text: string): number {
  const start = text.slice(0, 1024);
  const rule = RULES.findIndex(([, words]) => words.test(start));
  return rule < 0 ? Number.POSITIVE_INFINITY : rule;
}

function leftoversIn(
  states: readonly Cited<PlatformState>[],
  recent: Events,
): (state: PlatformState) => boolean {
  const serving = states.filter(({ row }) => row.kind === 'pod' && row.ready);
  const replicaSets = new Set(serving.map(({ row }) => replicaSetOf(row.entity)));
  const deployments = states.filter(({ row }) => row.kind === 'deployment');
  const isServed = serving.length > 0 && deployments.length > 0 && deployments.every(({ row }) => row.ready);
  return (state) => {
    if (state.kind !== 'pod' || state.ready) return false;
    if (/terminating/i.test(state.reason ?? '')) return true;
    if (!isServed || replicaSets.has(replicaSetOf(state.entity))) return false;
    return !recent.has(state.entity);
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

/** The events of each object with the first rule that one of them matches. */
function eventsByObject(events: readonly Cited<LogLine>[]): Events {
  return new LinesByObject(events, objectOf, (lines) =>
    lines.reduce((first, { line }) => Math.min(first, ruleOf(line.row.message)), Number.POSITIVE_INFINITY),
  );
}

/** Events name objects as `Pod/name`. */
function objectOf({ entity }: LogLine): string {
  return entity.replace(/^.*\//, '');
}

const REACH: readonly PlatformState['kind'][] = ['node', 'pod', 'deployment'];

/** Deployments last: their failures are those of their pods, unless they have none. */
function byReach(a: Cited<PlatformState>, b: Cited<PlatformState>): number {
  return REACH.indexOf(a.row.kind) - REACH.indexOf(b.row.kind);
}
