import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type Job, JobHandler, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { Integrations } from '../domain/integrations.js';
import { type ChatDecision, type DecisionReply, Outside, ProviderError } from '../providers/provider.js';
import { Connections } from './connections.js';
import { chatQueueOf } from './send-message.js';

const NAME = 'reply-in-chat';
/** With the back-off of the job queue the last attempt is a minute and a half after the first. */
const MAX_ATTEMPTS = 5;

interface Payload {
  readonly integrationId: string;
  readonly decision: ChatDecision;
  readonly reply: DecisionReply;
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
    private readonly outside: Outside,
  ) {}

  async request(tenantId: TenantId, payload: Payload): Promise<void> {
    const queue = chatQueueOf(tenantId);
    await this.jobs.enqueue(tenantId, { name: NAME, payload, queue, maxAttempts: MAX_ATTEMPTS });
  }

  async run({ tenantId, payload, attempt, signal }: Job<Payload>): Promise<void> {
    const { integrationId, decision, reply } = payload;
    const integration = await this.integrations.find(tenantId, integrationId);
    if (!integration) return;
    const { provider, connection } = this.connections.of(integration);
    try {
      await provider.decisions?.reply(connection, decision, reply, this.outside, signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || attempt < MAX_ATTEMPTS) throw error;
      this.log.warn(`A reply through ${integrationId} is not sent: ${error.message}`);
    }
  }
}
