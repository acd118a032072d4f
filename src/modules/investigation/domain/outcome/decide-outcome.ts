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

/** All that the decision rests on. Plain JSON, stored with the run, so that the decision can be made again. */
export interface OutcomeInputs {
  readonly onset: { readonly at: EpochMs; readonly basis: 'metric' | 'log' | 'alert' };
  readonly hypotheses: readonly Hypothesis[];
  /** Which ways of looking had something to read, and which of them found everything normal. */
  readonly read: { readonly metrics: boolean; readonly logs: boolean };
  readonly quiet: { readonly metrics: boolean; readonly logs: boolean; readonly platform?: boolean };
  /** Where the trouble is; absent in what was stored before there was such a thing. */
  readonly localisation?: Localisation | null;
  readonly missing: readonly string[];
  /** The agents that broke down; absent in what was stored before one could without the run. */
  readonly failed?: readonly string[];
}

export interface Outcome {
  readonly outcome: OutcomeName;
  /** 0..1; at most .2 when inconclusive. */
  readonly confidence: number;
  readonly rootCause: string | null;
  /** Best first; what was ruled out comes last, with the reason. */
  readonly hypotheses: readonly Hypothesis[];
  readonly recommendedActions: readonly string[];
  /** Never empty when inconclusive. */
  readonly missingEvidence: readonly string[];
  /** Of the policy that decided. */
  readonly version: string;
}

export const OUTCOME_POLICY = 'outcome/3';

const PROBABLE_FROM = 0.35;
const IDENTIFIED_FROM = 0.6;
const MAX_WHEN_INCONCLUSIVE = 0.2;
const MAX_CERTAIN = 0.97;
/** Two causes this close cannot be told apart. */
const TOO_CLOSE = 0.05;
/** Somebody who stands out this far by more than passing damage is no false alarm. */
const STANDS_OUT = 1;

/** Kinds of fact that come from the same way of looking are one witness. */
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
  // Without a before to compare with, or without a bearing on the cause, these bear no witness.
  error_seen: null,
  missing_message: null,
  earlier_incident: null,
  blast_radius: null,
  written_context: null,
  metrics_quiet: null,
  logs_quiet: null,
  platform_quiet: null,
  // A model reads for people; what it says weighs nothing.
  model_reading: null,
};

/**
 * Decides what a run found out; nothing else may. Identified: a supported cause for which at least two independent
 * ways of looking speak (or a known solution that a person accepted). Probable: a supported cause with one. Not an
 * incident: no cause, and what was read of the failing service is normal. Else inconclusive, without a cause, saying
 * what to connect or attach.
 */
export function decideOutcome(inputs: OutcomeInputs): Outcome {
  const ranked = [...inputs.hypotheses].sort(byStanding);
  const common = { hypotheses: ranked, version: OUTCOME_POLICY };
  const found = ranked.find(isCause);
  const best = found && inputs.quiet.platform && !speaksAgainstQuiet(found) ? undefined : found;
  const unheard = (inputs.failed ?? []).map(notHeard);
  if (!best) {
    // Who was not heard may have had something to say.
    if (unheard.length === 0 && isQuiet(inputs)) {
      return {
        ...common,
        outcome: 'not_an_incident',
        confidence: inputs.quiet.logs && inputs.quiet.metrics ? 0.75 : 0.6,
        rootCause: null,
        recommendedActions: [
          'Check whether the alert rule is too sensitive; what was read stayed within normal',
        ],
        missingEvidence: inputs.missing,
      };
    }
    const missing = lacking(inputs);
    return {
      ...common,
      outcome: 'inconclusive',
      confidence: Math.min(MAX_WHEN_INCONCLUSIVE, rounded((ranked[0]?.score ?? 0) / 2)),
      rootCause: null,
      recommendedActions: missing.map((what) => `Attach or connect ${what}`),
      missingEvidence: [...missing, ...unheard],
    };
  }
  const rival = ranked.find(
    (other) => other !== best && isCause(other) && best.score - other.score <= TOO_CLOSE,
  );
  const identified = best.score >= IDENTIFIED_FROM && !rival && hasTwoWitnesses(best);
  return {
    ...common,
    outcome: identified ? 'identified' : 'probable',
    confidence: rounded(Math.min(MAX_CERTAIN, confidenceOf(best, rival !== undefined, inputs))),
    rootCause: best.statement,
    recommendedActions: recommendedFor(best, identified ? [] : inputs.missing),
    missingEvidence: [...inputs.missing, ...unheard],
  };
}

function isCause({ status, supportedBy, score }: Hypothesis): boolean {
  return status === 'supported' && supportedBy.length > 0 && score >= PROBABLE_FROM;
}

function hasTwoWitnesses(best: Hypothesis): boolean {
  return best.category === 'known_pattern' || familiesOf(best) >= 2;
}

/**
 * Where the trouble was localised, how likely that is right; a cause elsewhere gets what is left. Else each way of
 * looking beyond the second that agrees takes away a quarter of the doubt.
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

/** Where the platform is well, only what changed, or what programs say of failures, is a reason to think otherwise. */
function speaksAgainstQuiet({ witnesses }: Hypothesis): boolean {
  return witnesses.some((kind) => {
    const family = FAMILIES[kind];
    return family === 'change' || family === 'logs' || family === 'traces' || family === 'platform';
  });
}

/** What moved elsewhere while the failing service stayed well is no reason for doubt; a change or an error is. */
function isQuiet({ read, quiet, hypotheses, localisation }: OutcomeInputs): boolean {
  const suspicious = hypotheses.some(
    ({ status, witnesses }) =>
      status !== 'ruled_out' &&
      witnesses.some((kind) => FAMILIES[kind] === 'change' || FAMILIES[kind] === 'logs'),
  );
  if (quiet.platform) return !hypotheses.some((each) => isCause(each) && speaksAgainstQuiet(each));
  if ((localisation?.ownSign ?? 0) >= STANDS_OUT) return false;
  return quiet.metrics && (!read.logs || quiet.logs) && !suspicious;
}

/** Everything that could be read was, and it was not enough: then only other places or a person can tell. */
function lacking({ missing }: OutcomeInputs): readonly string[] {
  return missing.length > 0 ? missing : ['a note of what a person saw, or evidence from further services'];
}

function notHeard(agentName: string): string {
  return `What the ${agentName} would have found: it broke down over this evidence, which is an error of CauseFlow and in the operator's log.`;
}

function byStanding(a: Hypothesis, b: Hypothesis): number {
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
