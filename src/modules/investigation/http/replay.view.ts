import type { Replay } from '../application/replay/replay-investigation.js';
import type { Decision, Stance } from '../domain/outcome/compare-decisions.js';
import type { ReplayView } from './replay.dto.js';

export function replayView({ recorded, replayed, ...replay }: Replay): ReplayView {
  const { differences, hypothesisDifferences } = replay;
  return {
    investigationId: replay.investigationId,
    incidentId: replay.incidentId,
    isSame: differences.length === 0 && hypothesisDifferences.length === 0,
    recorded: decisionView(recorded),
    replayed: decisionView(replayed),
    differences,
    hypothesisDifferences: hypothesisDifferences.map((each) => ({
      statement: each.statement,
      recorded: each.recorded && stanceView(each.recorded),
      replayed: each.replayed && stanceView(each.replayed),
    })),
    alteredEvidence: replay.alteredEvidence,
    review: replay.review,
  };
}

function decisionView({ hypotheses: _compared, ...decision }: Decision): ReplayView['recorded'] {
  const { policy, outcome, confidence, rootCause, recommendedActions, missingEvidence } = decision;
  return { policy, outcome, confidence, rootCause, recommendedActions, missingEvidence };
}

function stanceView({ statement: _named, ...stance }: Stance) {
  return stance;
}
