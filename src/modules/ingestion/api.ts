import type { TenantId } from '#kernel/domain/ids';

/** An incident as other modules see it: plain data, as of the moment of asking. */
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

/** As much of an alert as tells which it is. */
export type ArrivedAlert = Pick<IncidentSnapshot, 'incidentId' | 'title' | 'service' | 'tags'>;

/** What the rest of the house tells an incident. Each step is legal from some statuses only. */
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
  /** Statements of the causes that the run excluded. */
  readonly ruledOut: readonly string[];
}

/** What became of a step: the incident afterwards, and whether it moved. */
export interface Told {
  readonly moved: boolean;
  readonly incident: IncidentSnapshot;
}

/** What somebody makes of an incident, and what it is to be told of that, if anything. */
export interface Judgement {
  readonly step: LifecycleStep | undefined;
}

/** The incident's side of everything that the other modules do for it. */
export abstract class IncidentLifecycle {
  abstract find(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot | undefined>;

  /**
   * Locks the incident until the caller's transaction ends, so that what is decided by its status stays true.
   * @throws Refusal `not_found`
   */
  abstract hold(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot>;

  /** Those of the ids that exist, in no particular order. */
  abstract findMany(tenantId: TenantId, incidentIds: readonly string[]): Promise<IncidentSnapshot[]>;

  /** Earlier incidents of the same service that have a root cause, newest first. */
  abstract earlier(tenantId: TenantId, incidentId: string, limit: number): Promise<IncidentSnapshot[]>;

  /** The alerts that opened incidents in a window, oldest first. */
  abstract alertsBetween(tenantId: TenantId, from: Date, to: Date, limit: number): Promise<ArrivedAlert[]>;

  /**
   * Tells the incident what happened, in the caller's transaction, so that both are stored or neither.
   * @returns the incident afterwards and whether it moved. It does not where the step is not legal any more: a person
   *   may have resolved it meanwhile, and her word stands.
   * @throws Refusal `not_found`
   */
  abstract tell(tenantId: TenantId, incidentId: string, step: LifecycleStep): Promise<Told>;

  /** The same step for many incidents at once; ids that do not exist are left out. */
  abstract tellMany(tenantId: TenantId, incidentIds: readonly string[], step: LifecycleStep): Promise<Told[]>;

  /**
   * Reads many incidents, of one tenant or of several, and tells each what it is judged to; those that do not exist are
   * left out.
   * @param judge is asked again about one that somebody else has changed in between
   * @returns the judgements that stand
   */
  abstract tellEach<J extends Judgement>(
    incidents: readonly IncidentKey[],
    judge: (incident: IncidentSnapshot) => J,
  ): Promise<J[]>;
}

/** An incident that somebody else than an alert opens. */
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

/** One piece of evidence that was attached to an incident. */
export interface AttachedEvidence {
  readonly evidenceId: string;
  readonly type: string;
  readonly source: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly attachedAt: Date;
  /** How many rows it has; a text or an object that was attached as a whole is one row. */
  readonly accepted: number;
}

export abstract class IncidentEvidence {
  /** What was attached, oldest first, without its content. */
  abstract of(tenantId: TenantId, incidentId: string, limit: number): Promise<AttachedEvidence[]>;

  /** The rows of one piece as JSON arrays, in bounded batches, so that nobody holds a whole upload. */
  abstract rows(tenantId: TenantId, evidenceId: string): AsyncIterable<string>;
}
