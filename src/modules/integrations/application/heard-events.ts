import { words } from '#kernel/domain/words';
import { IncidentCreated, IncidentStatusChanged } from '#modules/ingestion/events';
import {
  InvestigationCompleted,
  InvestigationProgress,
  KnownSolutionFound,
} from '#modules/investigation/events';
import { PatternExtracted } from '#modules/knowledge/events';
import {
  ApprovalRequested,
  ApprovalResolved,
  RemediationApproved,
  RemediationExecuted,
  RemediationProposed,
  RemediationRejected,
} from '#modules/remediation/events';
import { TenantCreated, TenantUpdated } from '#modules/tenants/events';
import { UserCreated, UserDeleted, UserUpdated } from '#modules/users/events';
import { IntegrationConnected, IntegrationDisconnected } from '../events.js';

/** What triggers listen to: every public event but their own. */
export const HEARD_EVENTS = [
  TenantCreated,
  TenantUpdated,
  UserCreated,
  UserUpdated,
  UserDeleted,
  IncidentCreated,
  IncidentStatusChanged,
  InvestigationProgress,
  InvestigationCompleted,
  KnownSolutionFound,
  RemediationProposed,
  RemediationApproved,
  RemediationRejected,
  RemediationExecuted,
  ApprovalRequested,
  ApprovalResolved,
  IntegrationConnected,
  IntegrationDisconnected,
  PatternExtracted,
] as const;

export const HEARD_TYPES = words(
  'HeardEvent',
  HEARD_EVENTS.map(({ definition }) => definition.type),
);
