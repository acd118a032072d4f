import { Injectable, Logger } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import type { TenantId } from '#kernel/domain/ids';
import { type Job, JobHandler, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { retryAfterSeconds } from '#kernel/net/post-webhook';
import type { Integration } from '../domain/integration.js';
import { Integrations } from '../domain/integrations.js';
import { ProviderError, Outside } from '../providers/provider.js';
import { ComposeMessage, type Occasion } from './compose-message.js';
import { Connections } from './connections.js';

const NAME = 'send-message';
/** Nobody on call needs a message that is older. */
const GIVE_UP_AFTER_MS = 4 * 60 * 60_000;
const MAX_DELAY_SECONDS = 900;
/** Beyond it, a `Retry-After` would lose the message. */
const MAX_RETRY_AFTER_SECONDS = 3600;

/** One for each tenant, so that addresses that hang never hold more than one of JOB_CONCURRENCY. */
export function chatQueueOf(tenantId: TenantId): string {
  return `${NAME}:${tenantId}`;
}

interface Payload {
  readonly integrationId: string;
  readonly occasion: Occasion;
  readonly requestedAt: string;
  /** How often it was sent in vain. */
  readonly tries: number;
}

/**
 * Sends a message through an integration, again and later until that succeeds. It is sent at least once: when its answer is lost, or the
 * process dies before the end of the job, it is sent again.
 */
@Injectable()
@JobHandler(NAME)
export class SendMessage implements JobRunner<Payload> {
  private readonly log = new Logger(SendMessage.name);

  constructor(
    private readonly jobs: Jobs,
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly composeMessage: ComposeMessage,
    private readonly outside: Outside,
  ) {}

  /** Joins the transaction of the occasion. */
  async request(tenantId: TenantId, integrationId: string, { event, ...more }: Occasion): Promise<void> {
    const occasion = { event: { type: event.type, data: event.data }, ...more };
    const requestedAt = this.outside.clock.now().toISOString();
    await this.enqueue(tenantId, { integrationId, occasion, requestedAt, tries: 0 });
  }

  async run({ tenantId, payload, signal }: Job<Payload>): Promise<void> {
    const { integrationId, occasion } = payload;
    const integration = await this.integrations.find(tenantId, integrationId);
    if (!integration) {
      this.log.log(`A message of “${occasion.trigger}” is not sent: ${integrationId} is disconnected`);
      return;
    }
    try {
      await this.send(integration, occasion, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ProviderError || error instanceof SealedTextError)) throw error;
      await this.sendLater(tenantId, payload, error);
    }
  }

  private async send(integration: Integration, occasion: Occasion, signal: AbortSignal): Promise<void> {
    const { provider, connection } = this.connections.of(integration);
    const message = await this.composeMessage.execute(integration.tenantId, occasion);
    await provider.messages?.send(connection, message, this.outside, signal);
  }

  private async sendLater(
    tenantId: TenantId,
    payload: Payload,
    error: ProviderError | SealedTextError,
  ): Promise<void> {
    const now = this.outside.clock.now();
    const tries = payload.tries + 1;
    const told = error instanceof ProviderError ? retryAfterSeconds(error.retryAfter, now) : undefined;
    const backOff = Math.min(2 ** tries, MAX_DELAY_SECONDS);
    const delay = Math.max(Math.min(told ?? 0, MAX_RETRY_AFTER_SECONDS), backOff);
    const runAt = new Date(now.getTime() + delay * 1000);
    const failure = `A message through ${payload.integrationId} is not sent: ${error.message}`;
    if (runAt.getTime() - Date.parse(payload.requestedAt) > GIVE_UP_AFTER_MS) {
      this.log.warn(`${failure} That was the last attempt`);
      return;
    }
    if (tries === 1) this.log.warn(`${failure} It is sent again`);
    await this.enqueue(tenantId, { ...payload, tries }, runAt);
  }

  private async enqueue(tenantId: TenantId, payload: Payload, runAt?: Date): Promise<void> {
    const queue = chatQueueOf(tenantId);
    await this.jobs.enqueue(tenantId, { name: NAME, payload, queue, ...(runAt && { runAt }) });
  }
}
