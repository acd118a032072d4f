import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type Job, JobHandler, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { GIVE_UP_AFTER_HOURS } from '../../domain/chat-messages.js';
import type { Integration } from '../../domain/integration.js';
import { Integrations } from '../../domain/integrations.js';
import { type ChatDecision, type DecisionReply, Outside, ProviderError } from '../../providers/provider.js';
import { Connections } from '../connections/connections.js';
import { HoldMessages } from './hold-messages.js';
import { chatQueueOf } from './send-message-job.js';
import { waitOf } from './wait-of.js';

const NAME = 'reply-in-chat';
/** With the back-off of the job queue the last attempt is a minute and a half after the first. */
const MAX_ATTEMPTS = 5;

interface Payload {
  readonly integrationId: string;
  readonly decision: ChatDecision;
  readonly reply: DecisionReply;
  readonly requestedAt: string;
  /** The end of the last hold that it waited for. */
  readonly heldUntil?: string;
}

/** Tells the result of a decision where it was made. */
@Injectable()
@JobHandler(NAME)
export class ReplyInChat implements JobRunner<Payload> {
  private readonly log = new Logger(ReplyInChat.name);

  constructor(
    private readonly jobs: Jobs,
    private readonly integrations: Integrations,
    private readonly connections: Connections,
    private readonly holdMessages: HoldMessages,
    private readonly outside: Outside,
  ) {}

  async request(tenantId: TenantId, reply: Omit<Payload, 'requestedAt' | 'heldUntil'>): Promise<void> {
    await this.enqueue(tenantId, { ...reply, requestedAt: this.outside.clock.now().toISOString() });
  }

  async run({ tenantId, payload, attempt, signal }: Job<Payload>): Promise<void> {
    const { integrationId, decision, reply } = payload;
    const integration = await this.integrations.find(tenantId, integrationId);
    if (!integration) return;
    const { heldUntil } = integration;
    if (heldUntil && heldUntil > this.since(payload)) {
      if (!isOld(payload, heldUntil))
        await this.enqueue(tenantId, { ...payload, heldUntil: heldUntil.toISOString() });
      else this.log.warn(`A reply through ${integrationId} is not sent: the chat takes nothing`);
      return;
    }
    const { provider, connection } = this.connections.of(integration);
    try {
      await provider.decisions?.reply(connection, decision, reply, this.outside, signal);
    } catch (error) {
      await this.holdIfBusy(integration, error);
      if (!(error instanceof ProviderError) || attempt < MAX_ATTEMPTS) throw error;
      this.log.warn(`A reply through ${integrationId} is not sent: ${error.message}`);
    }
  }

  private async enqueue(tenantId: TenantId, payload: Payload): Promise<void> {
    const job = { name: NAME, payload, queue: chatQueueOf(tenantId), maxAttempts: MAX_ATTEMPTS };
    const { heldUntil } = payload;
    await this.jobs.enqueue(tenantId, { ...job, ...(heldUntil && { runAt: new Date(heldUntil) }) });
  }

  /** PostgreSQL decides when a job is due: for one that waited for a hold, the hold is over, whatever the clock here says. */
  private since({ heldUntil }: Payload): Date {
    return heldUntil === undefined ? this.outside.clock.now() : new Date(heldUntil);
  }

  private async holdIfBusy(integration: Integration, error: unknown): Promise<void> {
    const now = this.outside.clock.now();
    const wait = waitOf(error, now);
    if (wait === undefined) return;
    await this.holdMessages.execute(integration, new Date(now.getTime() + wait * 1000), { isBusy: true });
  }
}

function isOld({ requestedAt }: Payload, now: Date): boolean {
  return now.getTime() - Date.parse(requestedAt) > GIVE_UP_AFTER_HOURS * 3_600_000;
}
