import type { AgentReport } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { localise } from './localisation.js';
import { sameService } from '../evidence/service-name.js';
import { shortened } from '../wording.js';

const SCORE = 0.4;
/** How far somebody must stand out by more than the damage that passes. */
const OWN_SIGN = 0.1;

/** Where several ways of looking single somebody out and no hypothesis says why, the place itself is what is known. */
export function placeOfTrouble(
  hypotheses: readonly Hypothesis[],
  reports: readonly AgentReport[],
  evidence: EvidenceSet,
): Hypothesis[] {
  const place = localise(reports);
  if (!place || place.ownSign < OWN_SIGN) return [];
  const own = hypotheses.filter(({ entity }) => entity !== undefined && sameService(entity, place.entity));
  if (own.some(({ status }) => status === 'supported')) return [];
  const facts = reports
    .flatMap(({ findings }) => findings)
    .filter(({ entity }) => entity !== undefined && sameService(entity, place.entity));
  const cited = [
    ...facts.flatMap(({ evidenceIds }) => evidenceIds),
    ...own.flatMap((each) => each.supportedBy),
  ];
  const supportedBy = cited.length > 0 ? cited : evidenceOf(place.entity, evidence);
  if (supportedBy.length === 0) return [];
  const shown = facts[0] ? `: ${shortened(facts[0].statement, 200)}` : '';
  return [
    hypothesis({
      statement: `The trouble is inside ${place.entity}, which stands out from all others${shown}`,
      score: SCORE,
      status: 'supported',
      supportedBy,
      contradictedBy: own.flatMap((each) => each.contradictedBy),
      category: 'errors',
      witnesses: facts.map(({ kind }) => kind),
      entity: place.entity,
    }),
  ];
}

/** What was read of an entity: it stands out in all of it rather than in one line or sample. */
function evidenceOf(entity: string, { series, logs }: EvidenceSet): string[] {
  return [
    ...series.filter((each) => each.entity === entity).flatMap(({ evidenceIds }) => evidenceIds),
    ...logs.filter(({ row }) => row.entity === entity).map(({ evidenceId }) => evidenceId),
  ];
}
