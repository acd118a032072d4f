import type { TenantId } from '#kernel/domain/ids';
import type { JobRequest } from '#kernel/jobs/jobs';
import type { ChatKey } from '../../domain/chat-messages.js';

export const SEND_MESSAGE = 'send-message';

export interface SendMessagePayload {
  readonly integrationId: string;
  /** Whether it sends all that are due: the job after a hold, during which the messages' own jobs came in vain. */
  readonly goesOn?: boolean;
}

/** One for each tenant, so that addresses that hang never hold more than one of JOB_CONCURRENCY. */
export function chatQueueOf(tenantId: TenantId): string {
  return `${SEND_MESSAGE}:${tenantId}`;
}

export function sendMessageJob(
  { tenantId, integrationId }: ChatKey,
  { goesOn = false, runAt }: { readonly goesOn?: boolean; readonly runAt?: Date } = {},
): JobRequest {
  const payload: SendMessagePayload = { integrationId, ...(goesOn && { goesOn }) };
  return { name: SEND_MESSAGE, payload, queue: chatQueueOf(tenantId), ...(runAt && { runAt }) };
}
