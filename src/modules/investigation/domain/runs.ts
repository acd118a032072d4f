import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { Run, RunStatus } from './run.js';

/** A run that was admitted, with the context of the call that queued it. */
export type AdmittedRun = Pick<Run, 'investigationId' | 'startedBy' | 'correlationId'>;

/** The store of runs. */
export abstract class Runs extends Store<Run> {
  /**
   * Stores runs of one tenant, skipping incidents that have a run under way.
   * @returns the stored runs
   */
  abstract addUnlessUnderWay(tenantId: TenantId, runs: readonly Run[]): Promise<Run[]>;

  /**
   * Starts the oldest queued runs, so that at most `limit` of the tenant's runs are running. Runs that wait for a decision
   * do not count.
   * @returns the started runs
   */
  abstract admit(tenantId: TenantId, limit: number, now: Date): Promise<AdmittedRun[]>;

  /** The newest run of an incident. @param statuses only runs in one of these; any status when absent */
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
