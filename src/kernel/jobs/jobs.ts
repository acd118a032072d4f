import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { TenantId } from '../domain/ids.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { callContext, type CallContext } from '../tenancy/call-context.js';
import { JobHandler } from './job-handler.js';
import { marked } from './marked.js';

export interface JobRequest {
  readonly name: string;
  readonly payload: object;
  /** A job not yet started is replaced by a later one with the same key. */
  readonly key?: string;
  readonly runAt?: Date;
  readonly maxAttempts?: number;
  /** Jobs of one queue run one after the other. */
  readonly queue?: string;
  /** What it goes back to, where that is not the call under way. */
  readonly context?: CallContext;
}

/** How a job lies in the queue: its payload with what its run needs to know. */
export interface StoredJob {
  readonly tenantId: TenantId;
  readonly payload: unknown;
  readonly context: CallContext;
}

/** Asks for work to be done later. The request commits or vanishes with the transaction it is made in. */
@Injectable()
export class Jobs {
  private names: ReadonlySet<string> | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly discovery: DiscoveryService,
  ) {}

  async enqueue(tenantId: TenantId, requests: JobRequest | readonly JobRequest[]): Promise<void> {
    // Only these two: a call may be its own context, with all that hangs on it.
    const { correlationId, actor } = callContext(tenantId);
    const context = { correlationId, actor };
    const wanted = [requests].flat();
    for (const { name } of wanted) this.checkName(name);
    const specs = wanted.map((request) => ({
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
    }));
    if (specs.length === 0) return;
    await this.unitOfWork.query(tenantId, 'SELECT enqueue_jobs($1)', [JSON.stringify(specs)]);
  }

  /** A job that no class runs would lie in the queue for ever, and nobody would hear of it. */
  private checkName(name: string): void {
    this.names ??= new Set(marked(this.discovery, JobHandler).map(([each]) => each));
    if (!this.names.has(name)) throw new Error(`No class among the providers is a @JobHandler('${name}')`);
  }
}
