import { agreementWith, messagesNaming, sharesWords } from '../changes/change-agreement.js';
import { LOOK_BACK, type RankedChange, rankChanges } from '../changes/change-ranking.js';
import { changeSymptoms } from '../changes/change-symptoms.js';
import { withDeployedCommits } from '../changes/deployed-commits.js';
import { type Recovery, selfRecovery } from '../outcome/self-recovery.js';
import type { Cited } from '../evidence/cited.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { Change } from '../evidence/evidence.js';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { described, suspectedChange } from '../changes/suspected-change.js';
import { clockTime, count, duration, listed } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';

const NAME = 'change detection';
const MAX_HYPOTHESES = 5;
const MINUTE = 60_000;
const SHORTLY = 60 * MINUTE;
// Upper bounds of a change's score. A change long before the onset gets a lower one even if symptoms agree, since any
// symptom began after it.
const MAX_WHEN_OPEN = 0.3;
const MAX_WHEN_EARLY = 0.5;
const MAX_WITHOUT_AGREEMENT = 0.7;
const MAX_SCORE = 0.95;

/**
 * Ranks the changes of the six hours before the onset by service (the failing one, its dependencies), by time, and by
 * whether metrics, errors or the words of the change agree.
 */
export const changeDetection: Agent = {
  name: NAME,
  needs: ['deployment', 'code_change', 'config_change', 'note'],
  after: ['log analysis', 'metrics analysis'],
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport {
    const { incident, onset } = context;
    const changes = withDeployedCommits(evidence.changes);
    if (changes.length === 0) {
      const none =
        'No deploys, configuration or flag changes were recorded or attached, so none were compared.';
      return reportOf(NAME, none, { missing: [missingEvidence('changes', incident)] });
    }
    const ranked = rankChanges(changes, changeSymptoms(evidence, context));
    const recovery = selfRecovery(evidence, incident.service, onset.at);
    const candidates = ranked.filter(({ ruledOut }) => ruledOut === undefined);
    return reportOf(NAME, message(ranked, candidates, onset.at), {
      findings: candidates.slice(0, MAX_HYPOTHESES).flatMap((change) => changeFindings(change, context)),
      hypotheses: ranked
        .slice(0, MAX_HYPOTHESES)
        .map((change) => toHypothesis(change, changes, context, recovery)),
      missing: candidates.length === 0 ? [missingEvidence('changes', incident)] : [],
    });
  },
};

function changeFindings(ranked: RankedChange, { onset, reports }: InvestigationContext): Finding[] {
  const { row, evidenceId } = ranked.cited;
  const risks = ranked.risks.length > 0 ? `; in its diff ${listed(ranked.risks)}` : '';
  const found = [
    finding({
      statement: `${described(row)} ${when(ranked)} the onset at ${clockTime(onset.at)}${risks}.`,
      evidenceIds: [evidenceId],
      kind: 'change',
      entity: row.service,
      at: row.occurredAt,
      score: ranked.score,
      data: { changeId: row.changeId ?? null, lagMinutes: Math.round(ranked.lag / MINUTE) },
    }),
  ];
  if (sharesWords(ranked)) {
    const words = ranked.sharedWithLogs.slice(0, 10);
    found.push(
      finding({
        statement: `The error messages name what it touched: ${listed(
          words.map((word) => `“${word}”`),
          5,
        )}.`,
        evidenceIds: [evidenceId, ...messagesNaming(ranked, reports).flatMap((each) => each.evidenceIds)],
        kind: 'change_in_log_text',
        entity: row.service,
        at: row.occurredAt,
        data: { words },
      }),
    );
  }
  return found;
}

function toHypothesis(
  ranked: RankedChange,
  changes: readonly Cited<Change>[],
  context: InvestigationContext,
  selfRecovered: Recovery | undefined,
): Hypothesis {
  const { row, evidenceId } = ranked.cited;
  const facts = {
    statement: `${described(row)} ${when(ranked)} the onset at ${clockTime(context.onset.at)}`,
    category: 'change' as const,
    entity: row.service,
    change: suspectedChange(row, changes),
  };
  if (ranked.ruledOut !== undefined) {
    const against =
      context.onset.evidenceIds.length > 0 ? context.onset.evidenceIds : [context.incident.evidenceId];
    return hypothesis({
      ...facts,
      score: 0,
      status: 'ruled_out',
      supportedBy: [],
      contradictedBy: against,
      witnesses: [],
      because: whyRuledOut(ranked.ruledOut, row, context),
    });
  }
  const agreement = agreementWith(ranked, context);
  const isAlone = agreement.kinds.length === 0;
  const isEarly = ranked.lag > SHORTLY;
  const recovery = errorsNameIt(ranked) ? undefined : selfRecovered;
  const isOpen =
    recovery !== undefined ||
    ranked.innocent ||
    (row.type === 'code' ? !errorsNameIt(ranked) : isAlone && (isEarly || ranked.distance !== 0));
  return hypothesis({
    ...facts,
    score: softCap(maxScore({ isOpen, isEarly, isAlone }), scoreOfRank(ranked.score)),
    status: isOpen ? 'open' : 'supported',
    supportedBy: [evidenceId, ...agreement.evidenceIds],
    contradictedBy: recovery?.evidenceIds ?? [],
    witnesses: ['change', ...agreement.kinds],
    ...(isOpen && { because: recovery ? whyRecovered(recovery) : whyOpen(ranked, isEarly) }),
  });
}

function maxScore(is: Readonly<Record<'isOpen' | 'isEarly' | 'isAlone', boolean>>): number {
  if (is.isOpen) return MAX_WHEN_OPEN;
  if (is.isEarly) return MAX_WHEN_EARLY;
  return is.isAlone ? MAX_WITHOUT_AGREEMENT : MAX_SCORE;
}

/** Whether error messages name what a risky change touched; then even a commit without a deploy may be the cause. */
function errorsNameIt(ranked: RankedChange): boolean {
  return sharesWords(ranked) && ranked.risky;
}

/**
 * Maps a rank to 0..1, keeping the order: `r / (r + 1.2)`. On the failing service alone a lag of 0 minutes gives .66 and
 * one of an hour .56; agreement of symptoms raises the rank.
 */
function scoreOfRank(rank: number): number {
  return rank <= 0 ? 0.05 : Math.max(0.05, rank / (rank + 1.2));
}

/** An upper bound that keeps the order: values from `max − .02` to 1 are compressed into `max − .02` to `max`. */
function softCap(max: number, value: number): number {
  const squeezedFrom = max - 0.02;
  if (value <= squeezedFrom) return value;
  return squeezedFrom + (0.02 * (value - squeezedFrom)) / (1 - squeezedFrom);
}

function whyRuledOut(
  reason: NonNullable<RankedChange['ruledOut']>,
  { service, environment }: Change,
  { incident, onset }: InvestigationContext,
): string {
  switch (reason) {
    case 'after_onset':
      return `It came after the trouble had begun at ${clockTime(onset.at)}.`;
    case 'other_environment':
      return `It was made in ${environment ?? 'another environment'}, the incident is in ${incident.environment ?? 'another'}.`;
    case 'unrelated':
      return `${service} shows no trouble, and ${incident.service ?? 'the failing service'} is not known to depend on it.`;
  }
}

function whyRecovered({ at }: Recovery): string {
  return `The trouble was over at ${clockTime(at)} although nothing was undone.`;
}

function whyOpen({ innocent, cited }: RankedChange, isEarly: boolean): string {
  if (innocent) return 'Its diff was read, and nothing in it has to do with this.';
  if (cited.row.type === 'code') return 'It is a commit; nothing shows that it was running.';
  return isEarly
    ? 'It came long before the trouble, and neither metrics nor errors point to it.'
    : 'It is not on the failing service itself, and neither metrics nor errors point to it.';
}

function when({ cited, lag }: RankedChange): string {
  const at = clockTime(cited.row.occurredAt);
  return lag >= 0 ? `at ${at}, ${duration(lag)} before` : `at ${at}, ${duration(lag)} after`;
}

function message(
  ranked: readonly RankedChange[],
  candidates: readonly RankedChange[],
  onsetAt: number,
): string {
  const best = candidates[0];
  const found = `Compared ${count(ranked.length, 'change')} since ${clockTime(onsetAt - LOOK_BACK)}`;
  if (!best) return `${found}; none of them can explain the incident.`;
  return `${found}; the most suspicious is ${described(best.cited.row)}, ${duration(best.lag)} ${best.lag >= 0 ? 'before' : 'after'} the onset.`;
}
