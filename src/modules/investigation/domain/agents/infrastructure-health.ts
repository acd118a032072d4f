import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { FailureMode } from '../platform/failure-mode.js';
import { finding } from '../finding.js';
import { hostFaults } from '../platform/host-faults.js';
import { type CauseCategory, hypothesis, type Hypothesis } from '../hypothesis.js';
import { describeShift, type MetricShift } from '../metrics/metric-shift.js';
import { type PlatformFailure, platformFailures, healthyStates } from '../platform/platform-failures.js';
import { clockTime, count, shortened } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';

const NAME = 'infrastructure health';
const MAX_SHOWN = 4;
const WHEN_CURRENT = 0.7;
const WHEN_REPORTED = 0.4;
const WHEN_MEASURED = 0.5;

const SAYS: Partial<Record<FailureMode, readonly [string, CauseCategory]>> = {
  resource_quota_exceeded: ['cannot get more pods: its quota is used up', 'resource'],
  oom_killed: ['runs out of memory and is killed', 'resource'],
  image_pull_backoff: ['cannot pull its image', 'errors'],
  node_not_ready: ['is a node that is not ready', 'external'],
  pending_pod: ['cannot be scheduled', 'resource'],
  probe_failure: ['fails its probes', 'errors'],
  crash_loop: ['starts and ends again and again', 'errors'],
  deployment_rollout_stuck: ['does not get on with its rollout', 'errors'],
  storage_full: ['has no space left', 'resource'],
  dns_resolution_failure: ['cannot resolve names (DNS)', 'external'],
};

/**
 * Reads the current states of pods, deployments and nodes, events about unhealthy ones, and the metrics of machines and
 * networks.
 */
export const infrastructureHealth: Agent = {
  name: NAME,
  needs: ['platform_event'],
  after: [],
  run(evidence: EvidenceSet, { incident, onset }: InvestigationContext): AgentReport {
    const { states, logs, platformEvents: events } = evidence;
    const platform = { states, events, logs, service: incident.service };
    const failures = platformFailures(platform, MAX_SHOWN);
    const well = healthyStates(platform);
    return reportOf(NAME, message(states.length, events.length, failures, well.length > 0), {
      findings: [
        ...failures.map((failure) =>
          finding({
            statement: `${failure.entity} ${saying(failure)}: ${shortened(failure.detail, 300)}`,
            evidenceIds: failure.evidenceIds,
            kind: failure.current ? 'platform_state' : 'platform_event',
            entity: failure.entity,
          }),
        ),
        ...(well.length > 0
          ? [
              finding({
                statement: `All ${count(well.length, 'state')} known of pods, deployments, nodes and monitors ${well.length === 1 ? 'is' : 'are'} well right now.`,
                evidenceIds: well.map(({ evidenceId }) => evidenceId),
                kind: 'platform_quiet',
                at: incident.alertedAt,
              }),
            ]
          : []),
      ],
      hypotheses: [
        ...hostFaults(evidence.series, onset.at).slice(0, 1).map(hostHypothesis),
        ...failures.slice(0, 1).map((failure) =>
          hypothesis({
            statement: `${failure.entity} ${saying(failure)}: “${shortened(failure.detail, 200)}”`,
            score: failure.current ? WHEN_CURRENT : WHEN_REPORTED,
            status: 'supported',
            supportedBy: failure.evidenceIds,
            category: SAYS[failure.mode]?.[1] ?? 'errors',
            witnesses: [failure.current ? 'platform_state' : 'platform_event'],
            entity: failure.entity,
            failureMode: failure.mode,
          }),
        ),
      ],
      suspects: failures.slice(0, 1).map(({ entity, current }) => ({ entity, score: current ? 1 : 0.3 })),
    });
  },
};

/** A fault of a machine or a network, which no change of a service explains. */
function hostHypothesis(shift: MetricShift): Hypothesis {
  const { entity, evidenceIds } = shift.series;
  return hypothesis({
    statement: `${entity} is in trouble that no code causes: ${describeShift(shift)} at ${clockTime(shift.at)}`,
    score: WHEN_MEASURED,
    status: 'supported',
    supportedBy: evidenceIds,
    category: 'external',
    witnesses: ['metric_shift'],
    entity,
  });
}

function saying({ mode }: PlatformFailure): string {
  return SAYS[mode]?.[0] ?? 'is not well';
}

function message(
  states: number,
  events: number,
  failures: readonly PlatformFailure[],
  well: boolean,
): string {
  if (states + events === 0) return 'No state or event of a platform was attached or pulled.';
  const read = `Read ${count(states, 'state')} and ${count(events, 'event')} of the platform`;
  const worst = failures[0];
  if (worst) return `${read}; ${worst.entity} ${saying(worst)}.`;
  return well ? `${read}; everything is well right now.` : `${read}; none names a failure.`;
}
