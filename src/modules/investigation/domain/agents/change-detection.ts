import { agreementWith, messagesNaming, sharesWords } from '../changes/change-agreement.js';
import { LOOK_BACK, type RankedChange, rankChanges } from '../changes/change-ranking.js';
import { changeSymptoms } from '../changes/change-symptoms.js';
import { withDeployedCommits } from '../changes/deployed-commits.js';
import { type Recovery, selfRecovery } from '../outcome/self-recovery.js';
import type { Cited, EvidenceSet } from '../evidence/evidence-set.js';
import type { Change } from '../evidence/evidence.js';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { missingEvidence } from '../evidence/missing-evidence.js';
import { described, suspectedChange } from '../changes/suspected-change.js';
import { clockTime, count, duration, listed } from '../wording.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf } from './agent.js';

const NAME = 'change detection';
const MOST_HYPOTHESES = 5;
const MINUTE = 60_000;
const SHORTLY = 60 * MINUTE;
// The most that a change can be held to be worth: by what else speaks for it, and by how long before it came (any
// trouble began after a change of five hours ago, so that agreement says little).
const MOST_WHEN_OPEN = 0.3;
const MOST_WHEN_LATE = 0.5;
const MOST_ALONE = 0.7;
const MOST_AT_ALL = 0.95;

/**
 * Looks at what changed in the six hours before the onset: on the failing service and what it depends on, how long
 * before, and whether metrics, errors or the words of the change agree.
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
    const ending = selfRecovery(evidence, incident.service, onset.at);
    const candidates = ranked.filter(({ ruledOut }) => ruledOut === undefined);
    return reportOf(NAME, message(ranked, candidates, onset.at), {
      findings: candidates.slice(0, MOST_HYPOTHESES).flatMap((change) => changeFindings(change, context)),
      hypotheses: ranked
        .slice(0, MOST_HYPOTHESES)
        .map((change) => toHypothesis(change, changes, context, ending)),
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
  ending: Recovery | undefined,
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
  const alone = agreement.kinds.length === 0;
  const late = ranked.lag > SHORTLY;
  const over = speaksOfErrors(ranked) ? undefined : ending;
  const open =
    over !== undefined ||
    ranked.innocent ||
    (row.type === 'code' ? !speaksOfErrors(ranked) : alone && (late || ranked.distance !== 0));
  const most = open ? MOST_WHEN_OPEN : late ? MOST_WHEN_LATE : alone ? MOST_ALONE : MOST_AT_ALL;
  return hypothesis({
    ...facts,
    score: atMost(most, worth(ranked.score)),
    status: open ? 'open' : 'supported',
    supportedBy: [evidenceId, ...agreement.evidenceIds],
    contradictedBy: over?.evidenceIds ?? [],
    witnesses: ['change', ...agreement.kinds],
    ...(open ? { because: over ? whyOver(over) : whyOpen(ranked, late) } : {}),
  });
}

/** A commit of which nothing shows that it was running is held to be the cause when the errors speak of what it touched. */
function speaksOfErrors(ranked: RankedChange): boolean {
  return sharesWords(ranked) && ranked.risky;
}

/**
 * From rank to 0..1 without losing the order: `r / (r + 1.2)`. On the failing service alone a lag of 0 minutes gives
 * .66 and one of an hour .56; each agreement adds through the rank.
 */
function worth(rank: number): number {
  return rank <= 0 ? 0.05 : Math.max(0.05, rank / (rank + 1.2));
}

/** A cap that keeps the order: what lies above it is squeezed into the last hundredths below it. */
function atMost(most: number, value: number): number {
  const squeezedFrom = most - 0.02;
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

function whyOver({ at }: Recovery): string {
  return `The trouble was over at ${clockTime(at)} although nothing was undone.`;
}

function whyOpen({ innocent, cited }: RankedChange, late: boolean): string {
  if (innocent) return 'Its diff was read, and nothing in it has to do with this.';
  if (cited.row.type === 'code') return 'It is a commit; nothing shows that it was running.';
  return late
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
