import { Injectable, Logger } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import type { TenantId } from '#kernel/domain/ids';
import { type Job, JobHandler, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { bytesAt } from '../../providers/bytes-at.js';
import { ProviderError, Outside } from '../../providers/provider.js';

const NAME = 'confirm-subscription';
/** With the back-off of the job queue the last attempt is about four hours after the first. */
const MAX_ATTEMPTS = 10;

interface Payload {
  readonly url: string;
}

/**
 * Confirms a webhook subscription by calling the sender's confirmation URL, with retries. A tenant's are called one at a time:
 * anyone with an ingest URL can ask for many, and calls that hang must not occupy all workers.
 */
@Injectable()
@JobHandler(NAME)
export class ConfirmSubscription implements JobRunner<Payload> {
  private readonly log = new Logger(ConfirmSubscription.name);

  constructor(
    private readonly jobs: Jobs,
    private readonly outside: Outside,
  ) {}

  /** @param url built by the provider, never taken from a body; requested twice, it is called once */
  async request(tenantId: TenantId, url: string): Promise<void> {
    const queue = `${NAME}:${tenantId}`;
    const key = `${queue}:${sha256Hex(url)}`;
    await this.jobs.enqueue(tenantId, {
      name: NAME,
      key,
      queue,
      payload: { url },
      maxAttempts: MAX_ATTEMPTS,
    });
  }

  async run({ payload: { url }, attempt }: Job<Payload>): Promise<void> {
    try {
      await bytesAt(url, this.outside);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const failure = `A subscription is not confirmed: ${error.message} To confirm it by hand, open ${url}`;
      if (attempt < MAX_ATTEMPTS) throw new ProviderError(failure, { cause: error });
      this.log.warn(failure);
    }
  }
}
