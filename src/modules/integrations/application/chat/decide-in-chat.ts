import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { callContext, runInContext } from '#kernel/tenancy/call-context';
import { Approvals } from '#modules/remediation/api';
import { Principals } from '#modules/users/api';
import type { Integration } from '../../domain/integration.js';
import type { ChatDecision, DecisionReply } from '../../providers/provider.js';
import { ReplyInChat } from './reply-in-chat.js';

/** Decides on a plan for a person in a chat, as the user that this person is said to be, and tells the result. */
@Injectable()
export class DecideInChat {
  constructor(
    private readonly approvals: Approvals,
    private readonly principals: Principals,
    private readonly replyInChat: ReplyInChat,
  ) {}

  /** @param userId undefined when nobody said who the person is */
  async execute(
    { tenantId, integrationId, label }: Integration,
    decision: ChatDecision,
    userId: string | undefined,
  ): Promise<void> {
    const reply =
      userId !== undefined && (await this.principals.isAdmin(tenantId, userId))
        ? await this.decide(tenantId, decision, { by: userId, notes: `By a button in ${label}` })
        : { counted: false, text: 'Not allowed: you are not an approver of this integration.' };
    await this.replyInChat.request(tenantId, { integrationId, decision, reply });
  }

  private async decide(
    tenantId: TenantId,
    { approvalId, decision }: ChatDecision,
    who: { readonly by: string; readonly notes: string },
  ): Promise<DecisionReply> {
    const { correlationId } = callContext();
    try {
      const { status } = await runInContext({ correlationId, actor: who.by }, () =>
        this.approvals.respond(tenantId, approvalId, { decision, ...who }),
      );
      if (decision === 'reject') return { counted: true, text: 'rejected this plan.' };
      const more = status === 'proposed' ? ' More approvals are required.' : '';
      return { counted: true, text: `approved this plan.${more}` };
    } catch (error) {
      if (error instanceof Refusal) return { counted: false, text: error.message };
      throw error;
    }
  }
}
