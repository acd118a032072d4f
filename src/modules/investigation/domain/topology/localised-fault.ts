import type { AgentReport } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { localise } from './localisation.js';
import { sameService } from '../evidence/service-name.js';
import { shortened } from '../wording.js';

const SCORE = 0.4;
/** Least score in a signal that does not merely follow propagation. */
const MIN_OWN_SIGN = 0.1;

/**
 * The hypothesis that the fault is inside the localised entity, when no supported hypothesis says what the fault is.
 * @returns at most one
 */
export function localisedFault(
  hypotheses: readonly Hypothesis[],
  reports: readonly AgentReport[],
  evidence: EvidenceSet,
): Hypothesis[] {
  const localised = localise(reports);
  if (!localised || localised.ownSign < MIN_OWN_SIGN) return [];
  const own = hypotheses.filter(
    ({ entity }) => entity !== undefined && sameService(entity, localised.entity),
  );
  if (own.some(({ status }) => status === 'supported')) return [];
  const facts = reports
    .flatMap(({ findings }) => findings)
    .filter(({ entity }) => entity !== undefined && sameService(entity, localised.entity));
  const cited = [
    ...facts.flatMap(({ evidenceIds }) => evidenceIds),
    ...own.flatMap((each) => each.supportedBy),
  ];
  const supportedBy = cited.length > 0 ? cited : evidenceOf(localised.entity, evidence);
  if (supportedBy.length === 0) return [];
  const shown = facts[0] ? `: ${shortened(facts[0].statement, 200)}` : '';
  return [
    hypothesis({
      statement: `The trouble is inside ${localised.entity}, which stands out from all others${shown}`,
      score: SCORE,
      status: 'supported',
      supportedBy,
      contradictedBy: own.flatMap((each) => each.contradictedBy),
      category: 'errors',
      witnesses: facts.map(({ kind }) => kind),
      entity: localised.entity,
    }),
  ];
}

/** All metrics and logs of an entity: it stands out in the whole of them rather than in one sample or line. */
function evidenceOf(entity: string, { series, logs }: EvidenceSet): string[] {
  return [
    ...series.filter((each) => each.entity === entity).flatMap(({ evidenceIds }) => evidenceIds),
    ...logs.filter(({ row }) => row.entity === entity).map(({ evidenceId }) => evidenceId),
  ];
}
