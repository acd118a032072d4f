import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { AbortInvestigation } from '../application/runs/abort-investigation.js';
import { AddContext } from '../application/runs/add-context.js';
import { DecideKnownSolution } from '../application/runs/decide-known-solution.js';
import { GiveFeedback } from '../application/runs/give-feedback.js';
import { ShowInvestigation } from '../application/runs/show-investigation.js';
import { StartInvestigation } from '../application/runs/start-investigation.js';
import {
  ContextAdded,
  ContextBody,
  EvidenceQuery,
  FeedbackBody,
  FeedbackView,
  InvestigationPage,
  InvestigationStarted,
  InvestigationView,
  KnownSolutionBody,
  RunEvidencePage,
} from './investigation.dto.js';
import { evidenceView, investigationView } from './investigation.view.js';

@Controller('v1/investigation/:incidentId')
@ApiTags('investigation')
export class InvestigationController {
  constructor(
    private readonly start: StartInvestigation,
    private readonly show: ShowInvestigation,
    private readonly addContext: AddContext,
    private readonly decideKnownSolution: DecideKnownSolution,
    private readonly giveFeedback: GiveFeedback,
    private readonly abort: AbortInvestigation,
  ) {}

  @Post()
  @Allow({ scope: 'incidents:write' })
  @HttpCode(202)
  @ApiOperation({ operationId: 'startInvestigation', summary: 'Investigate an incident' })
  @ApiAcceptedResponse({ type: InvestigationStarted })
  @errorResponses(401, 403, 404, 409, 429)
  async begin(
    @Caller() { tenantId, id }: Principal,
    @Param('incidentId') incidentId: string,
  ): Promise<InvestigationStarted> {
    const by = { trigger: 'person', startedBy: id } as const;
    const investigationId = await this.start.execute(tenantId, incidentId, by);
    return { incidentId, status: 'investigating', investigationId };
  }

  @Get()
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getInvestigation', summary: 'Get the latest investigation of an incident' })
  @ApiOkResponse({ type: InvestigationView })
  @errorResponses(401, 403, 404, 429)
  async latest(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
  ): Promise<InvestigationView> {
    return investigationView(await this.show.latest(tenantId, incidentId));
  }

  @Get('runs')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({
    operationId: 'listInvestigations',
    summary: 'List the investigations of an incident, newest first',
  })
  @ApiOkResponse({ type: InvestigationPage })
  @errorResponses(400, 401, 403, 404, 429)
  async runs(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: PageQuery,
  ): Promise<InvestigationPage> {
    const page = await this.show.all(tenantId, incidentId, query);
    return { ...page, items: page.items.map(investigationView) };
  }

  @Get('evidence')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listInvestigationEvidence', summary: 'List the evidence that a run read' })
  @ApiOkResponse({ type: RunEvidencePage })
  @errorResponses(400, 401, 403, 404, 429)
  async evidence(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: EvidenceQuery,
  ): Promise<RunEvidencePage> {
    const page = await this.show.evidence(tenantId, incidentId, query);
    return { ...page, items: page.items.map(evidenceView) };
  }

  @Post('context')
  @Allow({ scope: 'incidents:write' })
  @HttpCode(202)
  @ApiOperation({ operationId: 'addInvestigationContext', summary: 'Add context to an investigation' })
  @ApiAcceptedResponse({ type: ContextAdded })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async context(
    @Caller() { tenantId, id }: Principal,
    @Param('incidentId') incidentId: string,
    @Body() { context, reinvestigate }: ContextBody,
  ): Promise<ContextAdded> {
    return this.addContext.execute(tenantId, incidentId, {
      context,
      addedBy: id,
      reinvestigate: reinvestigate ?? false,
    });
  }

  @Post('known-solution')
  @Allow({})
  @HttpCode(200)
  @ApiOperation({
    operationId: 'decideKnownSolution',
    summary: 'Accept or dismiss the known solution that a run waits for',
  })
  @ApiOkResponse({ type: InvestigationView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async knownSolution(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Body() { action, patternId }: KnownSolutionBody,
  ): Promise<InvestigationView> {
    await this.decideKnownSolution.execute(tenantId, incidentId, patternId, action);
    return investigationView(await this.show.latest(tenantId, incidentId));
  }

  @Post('feedback')
  @Allow({})
  @ApiOperation({ operationId: 'rateInvestigation', summary: 'Rate the latest investigation, once' })
  @ApiCreatedResponse({ type: FeedbackView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async feedback(
    @Caller() { tenantId, id }: Principal,
    @Param('incidentId') incidentId: string,
    @Body() body: FeedbackBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<FeedbackView> {
    const given = await this.giveFeedback.execute(tenantId, incidentId, id, body);
    response.location(`/v1/investigation/${incidentId}`);
    return { ...given, givenAt: given.givenAt.toISOString() };
  }

  @Delete()
  @Allow({ role: 'admin' })
  @HttpCode(204)
  @ApiOperation({
    operationId: 'abortInvestigation',
    summary: 'Abort the running investigation',
    description: 'Nothing that its agents find afterwards is stored.',
  })
  @ApiNoContentResponse()
  @errorResponses(401, 403, 404, 409, 429)
  async end(@Caller() { tenantId }: Principal, @Param('incidentId') incidentId: string): Promise<void> {
    await this.abort.execute(tenantId, incidentId);
  }
}
