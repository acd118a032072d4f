import type { TenantId } from '#kernel/domain/ids';

/** The change that a run blames for the incident. */
export interface Culprit {
  readonly changeId: string | null;
  readonly type: 'deploy' | 'config' | 'flag' | 'schema' | 'infra';
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  /** The version before it, if known from recorded changes. */
  readonly previousVersion: string | null;
  readonly summary: string;
}

/** The result of a run that was neither aborted nor failed. */
export interface InvestigationResult {
  readonly investigationId: string;
  readonly incidentId: string;
  readonly outcome: 'identified' | 'probable' | 'inconclusive' | 'not_an_incident';
  readonly rootCause: string | null;
  readonly confidence: number;
  /** When a known solution was accepted: the change that the run itself suspects most. */
  readonly culprit: Culprit | null;
  /** The pattern of the known solution that a person accepted. */
  readonly acceptedPatternId: string | null;
  /** The id of the user or API key that started it; null when triage or an automation did. */
  readonly startedBy: string | null;
}

export abstract class Investigations {
  /** The newest result of the incident; undefined when no run has ended with one. */
  abstract latestResult(tenantId: TenantId, incidentId: string): Promise<InvestigationResult | undefined>;

  /** Whether a run of the incident is queued or running, so that an earlier result may be superseded. */
  abstract isUnderWay(tenantId: TenantId, incidentId: string): Promise<boolean>;

  /**
   * Starts a run, unless one is under way.
   * @returns whether a run was started
   * @throws Refusal `not_found`, or `conflict` when the incident is resolved or closed
   */
  abstract startUnlessRunning(
    tenantId: TenantId,
    incidentId: string,
    startedBy: string | null,
  ): Promise<boolean>;
}

export interface NewChange {
  readonly type: 'deploy' | 'config' | 'flag' | 'schema' | 'infra';
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly summary: string;
  readonly url: string | null;
  readonly occurredAt: Date;
  /** The sender's id of the change, for deduplication: a change that is sent again is ignored. */
  readonly sourceChangeId?: string;
}

export abstract class ChangeLog {
  /** @returns the id of the recorded change */
  abstract record(tenantId: TenantId, change: NewChange): Promise<string>;
}
