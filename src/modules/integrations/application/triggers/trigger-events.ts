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
import { IntegrationConnected, IntegrationDisconnected } from '../../events.js';

/** The events that can fire triggers: all public ones except those of triggers. */
export const TRIGGER_EVENTS = [
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

export const TRIGGER_EVENT_TYPES = words(
  'HeardEvent',
  TRIGGER_EVENTS.map(({ definition }) => definition.type),
);
