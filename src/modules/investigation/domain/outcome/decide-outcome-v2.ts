import { compareText } from '../compare-text.js';
import type { Outcome, OutcomeInputs } from './decide-outcome.js';
import type { Hypothesis } from '../hypothesis.js';
import type { Localisation } from '../topology/localisation.js';
import { recommendedFor } from './recommended-actions.js';
import { resembles } from '../evidence/service-name.js';

const VERSION = 'outcome/2';

const PROBABLE_FROM = 0.35;
const IDENTIFIED_FROM = 0.6;
const MAX_WHEN_INCONCLUSIVE = 0.2;
const MAX_CERTAIN = 0.97;
/** Causes whose scores differ by no more than this are rivals. */
const TOO_CLOSE = 0.05;
/** An `ownSign` from here on is no false alarm. */
const STANDS_OUT = 1;

/** The family of each kind of finding; kinds of one family count as one witness, other kinds as none. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ['change', 'change'],
  ['metric_shift', 'metrics'],
  ['demand_rise', 'metrics'],
  ['excess', 'metrics'],
  ['slow_call', 'traces'],
  ['missing_call', 'traces'],
  ['unusual_alerts', 'alerts'],
  ['platform_state', 'platform'],
  ['platform_event', 'platform'],
  ['database_limit', 'metrics'],
  ['new_error', 'logs'],
  ['risen_error', 'logs'],
  ['change_in_log_text', 'logs'],
  ['named_cause', 'logs'],
  ['known_pattern', 'memory'],
]);

/** Outcome policy `outcome/2`, frozen for replays. It was overconfident when two methods agreed; see `decideOutcome`. */
export function decideOutcomeV2(inputs: OutcomeInputs): Outcome {
  const ranked = [...inputs.hypotheses].sort(byStanding);
  const common = { hypotheses: ranked, version: VERSION };
  const found = ranked.find(isCause);
  const best = found && inputs.quiet.platform && !speaksAgainstQuiet(found) ? undefined : found;
  if (!best) {
    if (isQuiet(inputs)) {
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
      missingEvidence: missing,
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
    missingEvidence: inputs.missing,
  };
}

function isCause({ status, supportedBy, score }: Hypothesis): boolean {
  return status === 'supported' && supportedBy.length > 0 && score >= PROBABLE_FROM;
}

function hasTwoWitnesses(best: Hypothesis): boolean {
  return best.category === 'known_pattern' || familiesOf(best) >= 2;
}

function confidenceOf(best: Hypothesis, hasRival: boolean, { localisation }: OutcomeInputs): number {
  if (best.category !== 'known_pattern' && localisation) {
    const here = confidenceIn(localisation);
    const elsewhere = best.entity !== undefined && !resembles(best.entity, localisation.entity);
    return elsewhere && best.category !== 'change' ? Math.min(best.score, 1 - here) : here;
  }
  return 1 - (1 - best.score) * 0.75 ** Math.max(0, familiesOf(best) - 2) - (hasRival ? 0.1 : 0);
}

function familiesOf({ witnesses }: Hypothesis): number {
  return new Set(witnesses.map((kind) => FAMILIES.get(kind)).filter((family) => family !== undefined)).size;
}

function speaksAgainstQuiet({ witnesses }: Hypothesis): boolean {
  return witnesses.some((kind) => {
    const family = FAMILIES.get(kind);
    return family === 'change' || family === 'logs' || family === 'traces' || family === 'platform';
  });
}

function isQuiet({ read, quiet, hypotheses, localisation }: OutcomeInputs): boolean {
  const suspicious = hypotheses.some(
    ({ status, witnesses }) =>
      status !== 'ruled_out' &&
      witnesses.some((kind) => ['change', 'logs'].includes(FAMILIES.get(kind) ?? '')),
  );
  if ((localisation?.ownSign ?? 0) >= STANDS_OUT) return false;
  if (quiet.platform) return !hypotheses.some((each) => isCause(each) && speaksAgainstQuiet(each));
  return quiet.metrics && (!read.logs || quiet.logs) && !suspicious;
}

function lacking({ missing }: OutcomeInputs): readonly string[] {
  return missing.length > 0 ? missing : ['a note of what a person saw, or evidence from further services'];
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

function confidenceIn({ strength, ways, alertsOnly, byDamage }: Localisation): number {
  const x =
    1.15 +
    0.85 * Math.min(0.7, Math.max(-3, Math.log(strength))) +
    (alertsOnly ? 0 : 0.3) +
    (byDamage ? 0.7 : 0) +
    (ways >= 2 ? 0.9 : 0);
  return 1 / (1 + Math.exp(-x));
}
