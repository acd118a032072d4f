import { IncidentStatusChanged } from '#modules/ingestion/events';
import { InvestigationCompleted, KnownSolutionFound } from '#modules/investigation/events';
import { ApprovalRequested, RemediationExecuted } from '#modules/remediation/events';
import type { Occasion } from '../../domain/chat-messages.js';

const ALWAYS: ReadonlySet<string> = new Set(
  [ApprovalRequested, InvestigationCompleted, KnownSolutionFound].map(({ definition }) => definition.type),
);

/**
 * Whether an event is also for those who do not follow the thread of its incident: when somebody has to decide or to act, when the root
 * cause is known, and when the incident is over or comes back.
 */
export function isForEverybody({ type, data }: Occasion['event']): boolean {
  const { newStatus, previousStatus, outcome } = data as Readonly<Record<string, unknown>>;
  switch (type) {
    case IncidentStatusChanged.definition.type:
      return isOver(newStatus) !== isOver(previousStatus);
    case RemediationExecuted.definition.type:
      return outcome !== 'success';
    default:
      return ALWAYS.has(type);
  }
}

function isOver(status: unknown): boolean {
  return status === 'resolved' || status === 'closed';
}
