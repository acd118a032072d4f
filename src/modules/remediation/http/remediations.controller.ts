import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { isId } from '#kernel/domain/ids';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { FindRemediations } from '../application/find-remediations.js';
import { GiveFeedback } from '../application/give-feedback.js';
import { Plans } from '../domain/plans.js';
import {
  RemediationFeedbackBody,
  RemediationFeedbackView,
  RemediationPage,
  RemediationView,
} from './remediation.dto.js';
import { remediationView } from './remediation.view.js';

@Controller('v1')
@ApiTags('remediation')
@ApiExtraModels(RemediationView, RemediationPage)
export class RemediationsController {
  constructor(
    private readonly plans: Plans,
    private readonly findRemediations: FindRemediations,
    private readonly giveFeedback: GiveFeedback,
  ) {}

  @Get('incidents/:incidentId/remediations')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listIncidentRemediations', summary: 'List the remediations of an incident' })
  @ApiOkResponse({ type: RemediationPage })
  @errorResponses(400, 401, 403, 404, 429)
  async list(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: PageQuery,
  ): Promise<RemediationPage> {
    const page = await this.findRemediations.ofIncident(tenantId, incidentId, query);
    return { ...page, items: page.items.map(remediationView) };
  }

  @Get('remediation/:id')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({
    operationId: 'getRemediation',
    summary: 'Get a remediation, or list those of an incident',
    description:
      'An id `rem_…` returns that remediation; an id `inc_…` a page of the incident’s remediations, newest first.',
  })
  @ApiParam({ name: 'id', example: 'rem_01HX9VTPQR3KF8MZWBYD5N6JCE' })
  @ApiOkResponse({
    description: 'One remediation for `rem_…`, a page for `inc_…`',
    schema: { oneOf: [{ $ref: getSchemaPath(RemediationView) }, { $ref: getSchemaPath(RemediationPage) }] },
  })
  @errorResponses(400, 401, 403, 404, 429)
  async get(
    @Caller() caller: Principal,
    @Param('id') id: string,
    @Query() query: PageQuery,
  ): Promise<RemediationView | RemediationPage> {
    if (isId('inc', id)) return this.list(caller, id, query);
    return remediationView(await this.plans.get(caller.tenantId, id));
  }

  @Post('remediation/:remediationId/feedback')
  @Allow({})
  @ApiOperation({
    operationId: 'giveRemediationFeedback',
    summary: 'Give feedback on a remediation',
    description: 'Once per person, for a remediation that was executed.',
  })
  @ApiCreatedResponse({ type: RemediationFeedbackView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async feedback(
    @Caller() { tenantId, id: userId }: Principal,
    @Param('remediationId') remediationId: string,
    @Body() { outcome, rating, comment = null }: RemediationFeedbackBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RemediationFeedbackView> {
    const feedback = { userId, outcome, rating, comment };
    const { at: createdAt, ...given } = await this.giveFeedback.execute(tenantId, remediationId, feedback);
    response.location(`/v1/remediation/${remediationId}`);
    return { remediationId, ...given, createdAt };
  }
}
