import type { Cited } from './evidence-set.js';
import type { LogLine, PlatformState } from './evidence.js';
import type { FailureMode } from './failure-mode.js';

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
  ['oom_killed', /oomkill|oom.killed|out of memory|exit.?code.?137|memory cgroup/i],
  [
    'image_pull_backoff',
    /imagepull|errimage|invalidimagename|(?:pull|pulling|unpack) image|manifest unknown/i,
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
];

/**
 * What is wrong now. The current state comes first: when everything that is known of it is well, events tell of what is
 * over. A pod that is being removed, or that belongs to another ReplicaSet than those that serve in full, is a leftover.
 */
export function platformFailures(
  states: readonly Cited<PlatformState>[],
  events: readonly Cited<LogLine>[],
): PlatformFailure[] {
  const unwell = states.filter(({ row }) => !row.ready && row.kind !== 'monitor' && !isLeftover(row, states));
  if (states.some(({ row }) => row.kind !== 'monitor') && unwell.length === 0) return [];
  const told = events.filter(({ row }) => isAbout(row, unwell) || unwell.length === 0);
  const failures: PlatformFailure[] = [];
  // A node takes its pods with it, so it is asked before them.
  for (const { row, evidenceId } of [...unwell].sort(byReach)) {
    const own = told.filter((event) => isAbout(event.row, [{ row }]));
    const said = [
      row.reason,
      row.exitCode === undefined ? undefined : `exit code ${row.exitCode}`,
      row.message,
    ].filter((part) => part !== undefined);
    const texts = [said.join(' '), ...own.map((event) => event.row.message)];
    const mode = row.kind === 'node' ? 'node_not_ready' : modeOf(texts);
    if (mode === undefined) continue;
    failures.push({
      mode,
      entity: row.entity,
      said: texts.find((text) => modeOf([text]) === mode) ?? texts.join(' '),
      evidenceIds: [evidenceId, ...own.map((event) => event.evidenceId)],
      current: true,
    });
  }
  if (failures.length > 0) return failures;
  return told.flatMap(({ row, evidenceId }) => {
    const mode = modeOf([row.message]);
    if (mode === undefined || /recovered|resolved/i.test(row.message)) return [];
    return [
      { mode, entity: row.entity, said: row.message, evidenceIds: [evidenceId], current: unwell.length > 0 },
    ];
  });
}

/** Whether everything that is known of the platform right now is well, and something is. */
export function isPlatformWell(states: readonly Cited<PlatformState>[]): boolean {
  const known = states.filter(({ row }) => !isLeftover(row, states));
  return known.some(({ row }) => row.kind !== 'monitor') && known.every(({ row }) => row.ready);
}

function modeOf(texts: readonly string[]): FailureMode | undefined {
  const start = texts.map((text) => text.slice(0, 1024));
  return RULES.find(([, words]) => start.some((text) => words.test(text)))?.[0];
}

function isLeftover(
  { kind, entity, ready, reason }: PlatformState,
  states: readonly Cited<PlatformState>[],
): boolean {
  if (kind !== 'pod' || ready) return false;
  if (/terminating/i.test(reason ?? '')) return true;
  const pods = states.filter(({ row }) => row.kind === 'pod');
  const served = states.filter(({ row }) => row.kind === 'deployment');
  const siblings = pods.filter(({ row }) => replicaSetOf(row.entity) === replicaSetOf(entity));
  return (
    served.length > 0 &&
    served.every(({ row }) => row.ready) &&
    siblings.every(({ row }) => !row.ready) &&
    pods.some(({ row }) => row.ready)
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

function byReach(a: Cited<PlatformState>, b: Cited<PlatformState>): number {
  return Number(b.row.kind === 'node') - Number(a.row.kind === 'node');
}
