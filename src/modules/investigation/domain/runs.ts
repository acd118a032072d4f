import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { Run, RunStatus } from './run.js';

/** A run that begins, and what it goes back to. */
export type Admitted = Pick<Run, 'investigationId' | 'startedBy' | 'correlationId'>;

/** Where runs live. */
export abstract class Runs extends Store<Run> {
  /**
   * Stores runs of one tenant, each unless one of the same incident is under way.
   * @returns those that were stored
   */
  abstract addUnlessUnderWay(tenantId: TenantId, runs: readonly Run[]): Promise<Run[]>;

  /**
   * Lets the oldest queued runs begin while fewer than `limit` of the tenant's are at work. Waiting ones do not count.
   * @returns the runs that begin
   */
  abstract admit(tenantId: TenantId, limit: number, now: Date): Promise<Admitted[]>;

  /** The newest run of an incident, of those statuses where any are named. */
  abstract latest(
    tenantId: TenantId,
    incidentId: string,
    statuses?: readonly RunStatus[],
  ): Promise<Run | undefined>;

  /** Newest first. */
  abstract ofIncident(
    tenantId: TenantId,
    incidentId: string,
    page: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<Run[]>;
}
