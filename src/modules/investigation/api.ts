import type { TenantId } from '#kernel/domain/ids';

/** The change that a run holds responsible. */
export interface Culprit {
  readonly changeId: string | null;
  readonly type: 'deploy' | 'config' | 'flag' | 'schema' | 'infra';
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  /** The version before it, where the recorded changes tell. */
  readonly previousVersion: string | null;
  readonly summary: string;
}

/** What a run that ended by itself came to. */
export interface InvestigationResult {
  readonly investigationId: string;
  readonly incidentId: string;
  readonly outcome: 'identified' | 'probable' | 'inconclusive' | 'not_an_incident';
  readonly rootCause: string | null;
  readonly confidence: number;
  /** Where a known solution was accepted, the change that this run itself found most suspicious. */
  readonly culprit: Culprit | null;
  /** The pattern whose known solution a person accepted for this run. */
  readonly acceptedPatternId: string | null;
  /** Who started or re-ran it; null when triage did. */
  readonly startedBy: string | null;
}

export abstract class Investigations {
  /** The newest run of the incident that ended by itself. */
  abstract latestResult(tenantId: TenantId, incidentId: string): Promise<InvestigationResult | undefined>;

  /** Whether a run of the incident is queued or at work, so that what an earlier one came to is not the last word. */
  abstract isUnderWay(tenantId: TenantId, incidentId: string): Promise<boolean>;

  /**
   * Starts a run, or leaves the one under way alone.
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
  /** What the tool that tells of it calls it: told of again, it is the same one, and stays as it was told first. */
  readonly sourceChangeId?: string;
}

export abstract class ChangeLog {
  /** @returns the id of the recorded change */
  abstract record(tenantId: TenantId, change: NewChange): Promise<string>;
}
