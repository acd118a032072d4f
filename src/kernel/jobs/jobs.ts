import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { TenantId } from '../domain/ids.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { callContext, type CallContext } from '../tenancy/call-context.js';
import { decoratedProviders } from './decorated-providers.js';
import { JobHandler } from './job-handler.js';

export interface JobRequest {
  readonly name: string;
  readonly payload: object;
  /** A job that has not started is replaced by a later one with the same key. */
  readonly key?: string;
  readonly runAt?: Date;
  readonly maxAttempts?: number;
  /** Jobs of the same queue run one at a time. */
  readonly queue?: string;
  /** What caused it, when that is not the current call. */
  readonly context?: CallContext;
}

/** A job as it is stored: its payload, and what its run needs to know. */
export interface StoredJob {
  readonly tenantId: TenantId;
  readonly payload: unknown;
  readonly context: CallContext;
}

/** Enqueues jobs. A job is committed or rolled back with the transaction that enqueues it. */
@Injectable()
export class Jobs {
  private names: ReadonlySet<string> | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly discovery: DiscoveryService,
  ) {}

  async enqueue(tenantId: TenantId, requests: JobRequest | readonly JobRequest[]): Promise<void> {
    // Only these two: the context of a call can be the call itself, with everything it refers to.
    const { correlationId, actor } = callContext(tenantId);
    const context = { correlationId, actor };
    const jobs = [requests].flat();
    for (const { name } of jobs) this.checkName(name);
    const specs = jobs.map((request) => ({
      identifier: request.name,
      payload: {
        tenantId,
        payload: request.payload,
        context: request.context ?? context,
      } satisfies StoredJob,
      job_key: request.key,
      run_at: request.runAt,
      max_attempts: request.maxAttempts,
      queue_name: request.queue,
      flags: [tenantId],
    }));
    if (specs.length === 0) return;
    await this.unitOfWork.query(tenantId, 'SELECT enqueue_jobs($1)', [JSON.stringify(specs)]);
  }

  /** A job without a handler would stay in the queue for ever, unnoticed. */
  private checkName(name: string): void {
    this.names ??= new Set(decoratedProviders(this.discovery, JobHandler).map(([each]) => each));
    if (!this.names.has(name)) throw new Error(`No class among the providers is a @JobHandler('${name}')`);
  }
}
