import { words } from '#kernel/domain/words';
import { compareText } from '../compare-text.js';
import type { EpochMs } from '../evidence/evidence.js';
import type { FindingKind } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import { confidenceIn } from './confidence.js';
import type { Localisation } from '../topology/localisation.js';
import { recommendedFor } from './recommended-actions.js';
import { resembles } from '../evidence/service-name.js';

export const OUTCOMES = words('InvestigationOutcome', [
  'identified',
  'probable',
  'inconclusive',
  'not_an_incident',
]);
export type OutcomeName = (typeof OUTCOMES)[number];

/** Everything the decision depends on. Plain JSON, stored with the run, so that a replay can repeat the decision. */
export interface OutcomeInputs {
  readonly onset: { readonly at: EpochMs; readonly basis: 'metric' | 'log' | 'alert' };
  readonly hypotheses: readonly Hypothesis[];
  /** Which sources had evidence, and which of them looked normal for the failing service. */
  readonly read: { readonly metrics: boolean; readonly logs: boolean };
  readonly quiet: { readonly metrics: boolean; readonly logs: boolean; readonly platform?: boolean };
  /** The most suspicious entity; absent in inputs stored by older versions. */
  readonly localisation?: Localisation | null;
  readonly missing: readonly string[];
  /** Names of the agents that failed; absent in inputs stored by older versions. */
  readonly failed?: readonly string[];
}

export interface Outcome {
  readonly outcome: OutcomeName;
  /** 0..1, the probability that `rootCause` is right; at most .2 when inconclusive. */
  readonly confidence: number;
  readonly rootCause: string | null;
  /** Best first; ruled-out ones last. */
  readonly hypotheses: readonly Hypothesis[];
  readonly recommendedActions: readonly string[];
  /** Never empty when inconclusive. */
  readonly missingEvidence: readonly string[];
  /** The policy that decided, such as `outcome/3`. */
  readonly version: string;
}

/** The version of `decideOutcome`, stored with each run. */
export const OUTCOME_POLICY = 'outcome/3';

const PROBABLE_FROM = 0.35;
const IDENTIFIED_FROM = 0.6;
const MAX_WHEN_INCONCLUSIVE = 0.2;
const MAX_CONFIDENCE = 0.97;
/** Causes whose scores differ by no more than this are rivals. */
const TOO_CLOSE = 0.05;
/** An `ownSign` of the localised entity from here on is no false alarm. */
const STANDS_OUT = 1;

/** The family of each kind of finding. Kinds of one family count as one witness; `null` is no witness. */
const FAMILIES: Readonly<
  Record<FindingKind, 'change' | 'metrics' | 'logs' | 'traces' | 'alerts' | 'platform' | 'memory' | null>
> = {
  change: 'change',
  metric_shift: 'metrics',
  demand_rise: 'metrics',
  excess: 'metrics',
  slow_call: 'traces',
  missing_call: 'traces',
  unusual_alerts: 'alerts',
  platform_state: 'platform',
  platform_event: 'platform',
  database_limit: 'metrics',
  new_error: 'logs',
  risen_error: 'logs',
  change_in_log_text: 'logs',
  named_cause: 'logs',
  known_pattern: 'memory',
  // No baseline to compare with, or not about the cause.
  error_seen: null,
  missing_message: null,
  earlier_incident: null,
  blast_radius: null,
  written_context: null,
  metrics_quiet: null,
  logs_quiet: null,
  platform_quiet: null,
  // Statements of a model never influence the outcome.
  model_reading: null,
};

/**
 * Decides the outcome of a run. No other code does.
 * - `identified`: a supported cause with witnesses of at least two families, or a known solution that a person accepted
 * - `probable`: a supported cause with witnesses of one family, a lower score, or a rival
 * - `not_an_incident`: no cause, and the evidence about the failing service is normal
 * - `inconclusive`: otherwise; `missingEvidence` says what to connect or attach
 */
export function decideOutcome(inputs: OutcomeInputs): Outcome {
  const ranked = [...inputs.hypotheses].sort(byStatusAndScore);
  const found = ranked.find(isCause);
  const best = found && inputs.quiet.platform && !contradictsHealth(found) ? undefined : found;
  const failures = (inputs.failed ?? []).map(failureNotice);
  if (best) return withCause(best, ranked, inputs, failures);
  // An agent that failed might have found something.
  if (failures.length === 0 && looksHealthy(inputs)) return notAnIncident(ranked, inputs);
  return inconclusive(ranked, inputs, failures);
}

function withCause(
  best: Hypothesis,
  ranked: readonly Hypothesis[],
  inputs: OutcomeInputs,
  failures: readonly string[],
): Outcome {
  const rival = ranked.find(
    (other) => other !== best && isCause(other) && best.score - other.score <= TOO_CLOSE,
  );
  const identified = best.score >= IDENTIFIED_FROM && !rival && hasTwoWitnesses(best);
  return {
    hypotheses: ranked,
    version: OUTCOME_POLICY,
    outcome: identified ? 'identified' : 'probable',
    confidence: rounded(Math.min(MAX_CONFIDENCE, confidenceOf(best, rival !== undefined, inputs))),
    rootCause: best.statement,
    recommendedActions: recommendedFor(best, identified ? [] : inputs.missing),
    missingEvidence: [...inputs.missing, ...failures],
  };
}

function notAnIncident(ranked: readonly Hypothesis[], { quiet, missing }: OutcomeInputs): Outcome {
  return {
    hypotheses: ranked,
    version: OUTCOME_POLICY,
    outcome: 'not_an_incident',
    confidence: quiet.logs && quiet.metrics ? 0.75 : 0.6,
    rootCause: null,
    recommendedActions: ['Check whether the alert rule is too sensitive; what was read stayed within normal'],
    missingEvidence: missing,
  };
}

function inconclusive(
  ranked: readonly Hypothesis[],
  inputs: OutcomeInputs,
  failures: readonly string[],
): Outcome {
  const missing = missingOrFallback(inputs);
  return {
    hypotheses: ranked,
    version: OUTCOME_POLICY,
    outcome: 'inconclusive',
    confidence: Math.min(MAX_WHEN_INCONCLUSIVE, rounded((ranked[0]?.score ?? 0) / 2)),
    rootCause: null,
    recommendedActions: missing.map((what) => `Attach or connect ${what}`),
    missingEvidence: [...missing, ...failures],
  };
}

function isCause({ status, supportedBy, score }: Hypothesis): boolean {
  return status === 'supported' && supportedBy.length > 0 && score >= PROBABLE_FROM;
}

function hasTwoWitnesses(best: Hypothesis): boolean {
  return best.category === 'known_pattern' || familiesOf(best) >= 2;
}

/**
 * With a localisation: its probability, or the remaining probability for a cause in another entity. Without one: the
 * score, with a quarter less doubt for each family of witnesses beyond the second; a rival subtracts .1.
 */
function confidenceOf(best: Hypothesis, hasRival: boolean, { localisation }: OutcomeInputs): number {
  if (best.category !== 'known_pattern' && localisation) {
    const here = confidenceIn(localisation);
    const elsewhere = best.entity !== undefined && !resembles(best.entity, localisation.entity);
    return elsewhere && best.category !== 'change' ? Math.min(best.score, 1 - here) : here;
  }
  return 1 - (1 - best.score) * 0.75 ** Math.max(0, familiesOf(best) - 2) - (hasRival ? 0.1 : 0);
}

function familiesOf({ witnesses }: Hypothesis): number {
  return new Set(witnesses.map((kind) => FAMILIES[kind]).filter((family) => family !== null)).size;
}

/** When the platform reports itself healthy, only changes, logs, traces and the platform itself can show the opposite. */
function contradictsHealth({ witnesses }: Hypothesis): boolean {
  return witnesses.some((kind) => {
    const family = FAMILIES[kind];
    return family === 'change' || family === 'logs' || family === 'traces' || family === 'platform';
  });
}

/** Metrics that moved on other entities do not contradict it; a change or an error that is not ruled out does. */
function looksHealthy({ read, quiet, hypotheses, localisation }: OutcomeInputs): boolean {
  const suspicious = hypotheses.some(
    ({ status, witnesses }) =>
      status !== 'ruled_out' &&
      witnesses.some((kind) => FAMILIES[kind] === 'change' || FAMILIES[kind] === 'logs'),
  );
  if (quiet.platform) return !hypotheses.some((each) => isCause(each) && contradictsHealth(each));
  if ((localisation?.ownSign ?? 0) >= STANDS_OUT) return false;
  return quiet.metrics && (!read.logs || quiet.logs) && !suspicious;
}

/** When no agent lacked anything and there is still no cause, only other services or a person can tell more. */
function missingOrFallback({ missing }: OutcomeInputs): readonly string[] {
  return missing.length > 0 ? missing : ['a note of what a person saw, or evidence from further services'];
}

function failureNotice(agentName: string): string {
  return `What the ${agentName} would have found: it broke down over this evidence, which is an error of CauseFlow and in the operator's log.`;
}

function byStatusAndScore(a: Hypothesis, b: Hypothesis): number {
  return (
    Number(a.status === 'ruled_out') - Number(b.status === 'ruled_out') ||
    Number(b.status === 'supported') - Number(a.status === 'supported') ||
    b.score - a.score ||
    compareText(a.statement, b.statement)
  );
}

function rounded(share: number): number {
  return Math.round(Math.max(0, share) * 1000) / 1000;
}
