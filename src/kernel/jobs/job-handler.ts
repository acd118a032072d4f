import { DiscoveryService } from '@nestjs/core';
import type { TenantId } from '../domain/ids.js';

export interface Job<P = unknown> {
  readonly tenantId: TenantId;
  readonly payload: P;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborted when the process is about to stop: finish the current step, keep its result, throw. */
  readonly signal: AbortSignal;
}

/** What a class decorated with `@JobHandler(name)` does. It may run again after a crash, so each effect is guarded. */
export interface JobRunner<P = unknown> {
  run(job: Job<P>): Promise<void>;
}

/** `@JobHandler('investigate-incident')`: runs jobs of that name with the class. */
export const JobHandler = DiscoveryService.createDecorator<string>();
