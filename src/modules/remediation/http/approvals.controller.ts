import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { ApproveRemediation } from '../application/approve-remediation.js';
import { PendingApprovals } from '../application/pending-approvals.js';
import { RejectRemediation } from '../application/reject-remediation.js';
import { RequestApproval } from '../application/request-approval.js';
import { RespondToApproval } from '../application/respond-to-approval.js';
import {
  ApproveBody,
  PendingApprovalPage,
  RejectBody,
  RemediationView,
  RespondBody,
} from './remediation.dto.js';
import { pendingApprovalView, remediationView } from './remediation.view.js';

/** Approves and rejects plans, by the id of the plan or of its approval request. */
@Controller('v1')
@ApiTags('approvals')
export class ApprovalsController {
  constructor(
    private readonly approveRemediation: ApproveRemediation,
    private readonly rejectRemediation: RejectRemediation,
    private readonly respondToApproval: RespondToApproval,
    private readonly requestApproval: RequestApproval,
    private readonly pendingApprovals: PendingApprovals,
  ) {}

  @Post('remediation/:remediationId/approve')
  @HttpCode(200)
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'approveRemediation',
    summary: 'Approve a plan',
    description:
      'Bound to the exact plan. When several approvals are required, the last one approves it. Executing it is a separate call, unless the tenant has `executeOnApproval` set.',
  })
  @ApiOkResponse({ type: RemediationView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async approve(
    @Caller() { tenantId, id: by }: Principal,
    @Param('remediationId') remediationId: string,
    @Body() { notes = null }: ApproveBody,
  ): Promise<RemediationView> {
    return remediationView(await this.approveRemediation.execute(tenantId, remediationId, { by, notes }));
  }

  @Post('remediation/:remediationId/reject')
  @HttpCode(200)
  @Allow({ role: 'admin' })
  @ApiOperation({ operationId: 'rejectRemediation', summary: 'Reject a plan' })
  @ApiOkResponse({ type: RemediationView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async reject(
    @Caller() { tenantId, id: by }: Principal,
    @Param('remediationId') remediationId: string,
    @Body() { reason = null }: RejectBody,
  ): Promise<RemediationView> {
    return remediationView(await this.rejectRemediation.execute(tenantId, remediationId, { by, reason }));
  }

  @Post('remediation/:remediationId/request-approval')
  @Allow({ role: 'admin' })
  @ApiOperation({ operationId: 'requestApproval', summary: 'Request approval again for an expired plan' })
  @ApiCreatedResponse({ type: RemediationView, description: 'Under a new approvalId' })
  @errorResponses(401, 403, 404, 409, 429)
  async requestAgain(
    @Caller() { tenantId }: Principal,
    @Param('remediationId') remediationId: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RemediationView> {
    const plan = await this.requestApproval.execute(tenantId, remediationId);
    response.location(`/v1/remediation/${remediationId}`);
    return remediationView(plan);
  }

  @Get('notifications/approvals/pending')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listPendingApprovals', summary: 'List pending approvals' })
  @ApiOkResponse({ type: PendingApprovalPage })
  @errorResponses(400, 401, 403, 429)
  async pending(@Caller() { tenantId }: Principal, @Query() query: PageQuery): Promise<PendingApprovalPage> {
    const page = await this.pendingApprovals.page(tenantId, query);
    return { ...page, items: page.items.map(pendingApprovalView) };
  }

  @Post('notifications/approvals/:approvalId/respond')
  @HttpCode(200)
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'respondToApproval',
    summary: 'Approve or reject by the id of the approval request',
  })
  @ApiOkResponse({ type: RemediationView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async respond(
    @Caller() { tenantId, id: by }: Principal,
    @Param('approvalId') approvalId: string,
    @Body() { decision, notes = null }: RespondBody,
  ): Promise<RemediationView> {
    return remediationView(
      await this.respondToApproval.respond(tenantId, approvalId, { decision, by, notes }),
    );
  }
}
