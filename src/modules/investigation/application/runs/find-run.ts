import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Run } from '../../domain/run.js';
import type { Runs } from '../../domain/runs.js';

/** The latest run of an incident, or another one of it by id. @throws Refusal `not_found` */
export async function findRun(
  runs: Runs,
  tenantId: TenantId,
  incidentId: string,
  investigationId?: string,
): Promise<Run> {
  const run = await (investigationId === undefined
    ? runs.latest(tenantId, incidentId)
    : runs.find(tenantId, investigationId));
  if (run?.incidentId !== incidentId) throw notFound('investigation');
  return run;
}
