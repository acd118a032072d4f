import type { TenantId } from '#kernel/domain/ids';

/** An incident as other modules see it: plain data, read once. */
export interface IncidentSnapshot {
  readonly tenantId: TenantId;
  readonly incidentId: string;
  readonly title: string;
  readonly description: string;
  readonly severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  readonly status:
    | 'open' | 'triaging' | 'investigating' | 'awaiting_approval' | 'remediating' | 'resolved' | 'closed'; // prettier-ignore
  readonly source: 'automated' | 'manual';
  readonly provider: string | null;
  readonly sourceAlertId: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly rootCause: string | null;
  readonly confidence: number | null;
  readonly recommendedActions: readonly string[];
  readonly alertCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly resolvedAt: Date | null;
}

/** Which incident of which tenant. */
export type IncidentKey = Pick<IncidentSnapshot, 'tenantId' | 'incidentId'>;

/** The fields of an alert that identify it. */
export type ArrivedAlert = Pick<IncidentSnapshot, 'incidentId' | 'title' | 'service' | 'tags'>;

/** What other modules did for an incident. Each step is legal from some statuses only. */
export type LifecycleStep =
  | { readonly happened: 'triage_below_threshold' }
  | { readonly happened: 'investigation_started' }
  | { readonly happened: 'investigation_ended'; readonly conclusion: Conclusion }
  | { readonly happened: 'investigation_closed_without_proposal' }
  | { readonly happened: 'approval_requested' }
  | { readonly happened: 'proposals_settled_without_approval' }
  | { readonly happened: 'execution_started' }
  | { readonly happened: 'remediation_verified' }
  | { readonly happened: 'remediation_failed' };

export interface Conclusion {
  readonly rootCause: string | null;
  readonly confidence: number;
  readonly recommendedActions: readonly string[];
  /** Statements of the causes that the run ruled out. */
  readonly ruledOut: readonly string[];
}

/** The incident after a step, and whether its status changed. */
export interface StepResult {
  readonly moved: boolean;
  readonly incident: IncidentSnapshot;
}

/** A decision about an incident, and the step that follows from it, if any. */
export interface StepDecision {
  readonly step: LifecycleStep | undefined;
}

/** The incident's side of investigation and remediation. */
export abstract class IncidentLifecycle {
  abstract find(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot | undefined>;

  /**
   * Locks the incident until the caller's transaction ends, so that its status cannot change before.
   * @throws Refusal `not_found`
   */
  abstract lock(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot>;

  /** The incidents that exist, in no particular order. */
  abstract findMany(tenantId: TenantId, incidentIds: readonly string[]): Promise<IncidentSnapshot[]>;

  /** Earlier incidents of the same service that have a root cause, newest first. */
  abstract earlierOfService(
    tenantId: TenantId,
    incidentId: string,
    limit: number,
  ): Promise<IncidentSnapshot[]>;

  /** The alerts that opened incidents in a window, oldest first. */
  abstract alertsBetween(tenantId: TenantId, from: Date, to: Date, limit: number): Promise<ArrivedAlert[]>;

  /**
   * Applies a step in the caller's transaction, so that both are stored or neither. A step that is no longer legal changes
   * nothing: a person may have resolved the incident in the meantime, which takes precedence.
   * @throws Refusal `not_found`
   */
  abstract advance(tenantId: TenantId, incidentId: string, step: LifecycleStep): Promise<StepResult>;

  /** Applies the same step to many incidents at once. Unknown ids are ignored. */
  abstract advanceMany(
    tenantId: TenantId,
    incidentIds: readonly string[],
    step: LifecycleStep,
  ): Promise<StepResult[]>;

  /**
   * Reads many incidents, of one tenant or of several, and applies to each the step that is decided for it. Unknown ids are
   * ignored.
   * @param decide is called again for an incident that was changed concurrently
   * @returns the decisions that were applied
   */
  abstract advanceEach<D extends StepDecision>(
    incidents: readonly IncidentKey[],
    decide: (incident: IncidentSnapshot) => D,
  ): Promise<D[]>;
}

/** An incident that a person or a trigger opens. */
export interface NewIncident {
  readonly title: string;
  readonly description: string;
  readonly severity?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export abstract class IncidentOpening {
  /**
   * @returns the id of the new incident
   * @throws Refusal `validation_error` that names every field at fault
   */
  abstract open(tenantId: TenantId, incident: NewIncident): Promise<string>;
}

/** Evidence that was attached to an incident, without its content. */
export interface AttachedEvidence {
  readonly evidenceId: string;
  readonly type: string;
  readonly source: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly attachedAt: Date;
  /** Number of rows. A text or an object that was attached as a whole is one row. */
  readonly accepted: number;
}

export abstract class IncidentEvidence {
  /** Attached evidence, oldest first. */
  abstract of(tenantId: TenantId, incidentId: string, limit: number): Promise<AttachedEvidence[]>;

  /** The rows of one piece of evidence as JSON arrays, in bounded batches: an upload never has to fit in memory. */
  abstract rows(tenantId: TenantId, evidenceId: string): AsyncIterable<string>;
}
