import type { AnyEventClass } from '#kernel/events/define-event';
import {
  IncidentCreated,
  IncidentsDeleted,
  IncidentSeverityChanged,
  IncidentStatusChanged,
} from '#modules/ingestion/events';
import { IntegrationConnected, IntegrationDisconnected } from '#modules/integrations/events';
import { TriggerCreated, TriggerDeleted, TriggerEventReceived } from '#modules/integrations/events';
import {
  InvestigationCompleted,
  InvestigationProgress,
  KnownSolutionFound,
} from '#modules/investigation/events';
import { PatternExtracted } from '#modules/knowledge/events';
import { ApprovalRequested, ApprovalResolved } from '#modules/remediation/events';
import { RemediationApproved, RemediationExecuted } from '#modules/remediation/events';
import { RemediationProposed, RemediationRejected, RemediationRolledBack } from '#modules/remediation/events';
import { TenantCreated, TenantUpdated } from '#modules/tenants/events';
import { UserCreated, UserDeleted, UserUpdated } from '#modules/users/events';

/** Every event of the product. `catalogue.spec.ts` checks this list against the code and the documents. */
export const events: readonly AnyEventClass[] = [
  TenantCreated,
  TenantUpdated,
  UserCreated,
  UserUpdated,
  UserDeleted,
  IncidentCreated,
  IncidentStatusChanged,
  IncidentSeverityChanged,
  IncidentsDeleted,
  InvestigationProgress,
  InvestigationCompleted,
  KnownSolutionFound,
  RemediationProposed,
  RemediationApproved,
  RemediationRejected,
  RemediationExecuted,
  RemediationRolledBack,
  ApprovalRequested,
  ApprovalResolved,
  IntegrationConnected,
  IntegrationDisconnected,
  TriggerCreated,
  TriggerDeleted,
  TriggerEventReceived,
  PatternExtracted,
];
