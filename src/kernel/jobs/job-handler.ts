import { DiscoveryService } from '@nestjs/core';
import type { TenantId } from '../domain/ids.js';

export interface Job<P = unknown> {
  readonly tenantId: TenantId;
  readonly payload: P;
  /** 1 at the first try. */
  readonly attempt: number;
  /** Aborted when the process is about to stop: finish the step at hand, keep what is done, throw. */
  readonly signal: AbortSignal;
}

/** What a class marked `@JobHandler(name)` does. It may be run again after a crash, so each effect is guarded. */
export interface JobRunner<P = unknown> {
  run(job: Job<P>): Promise<void>;
}

/** `@JobHandler('investigate-incident')`: the class that runs jobs of that name. */
export const JobHandler = DiscoveryService.createDecorator<string>();
