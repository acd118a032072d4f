import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Allow, type Principal } from '#kernel/http/principal';
import { modelsAreForPeople } from '../domain/errors.js';
import { ExportEvalCase } from '../application/replay/export-eval-case.js';
import { ReplayInvestigation } from '../application/replay/replay-investigation.js';
import { ShowInvestigation } from '../application/runs/show-investigation.js';
import { EvalCaseBody, EvalCaseView } from './eval-case.dto.js';
import { modelCallView } from './investigation.view.js';
import { ModelCallList, ModelCallsQuery } from './model-calls.dto.js';
import { ReplayQuery, ReplayView } from './replay.dto.js';
import { replayView } from './replay.view.js';

/** What can be learned from runs that are over. Nothing here changes one. */
@Controller('v1/investigation/:incidentId')
@ApiTags('investigation')
export class RecordedRunsController {
  constructor(
    private readonly replayInvestigation: ReplayInvestigation,
    private readonly exportEvalCase: ExportEvalCase,
    private readonly show: ShowInvestigation,
  ) {}

  @Get('replay')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({
    operationId: 'replayInvestigation',
    summary: 'Replay a run and compare the results',
    description:
      'The current agents read the stored evidence of the run, and the policy decides. Nothing is stored or published, and ' +
      'no other system is called except the model, if one is given. `from=inputs` repeats only the decision.',
  })
  @ApiOkResponse({ type: ReplayView })
  @errorResponses(400, 401, 403, 404, 409, 429, 503)
  async replay(
    @Caller() { tenantId, kind }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() { investigationId, policy, model, from = 'evidence' }: ReplayQuery,
  ): Promise<ReplayView> {
    if (model !== undefined && kind === 'key') throw modelsAreForPeople();
    const wanted = { investigationId, policy, model, from };
    return replayView(await this.replayInvestigation.execute(tenantId, incidentId, wanted));
  }

  @Post('eval-case')
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'exportEvalCase',
    summary: 'Export an ended incident as an evaluation case',
    description:
      'The evidence of the latest run in the format `rca-case/1` of `npm run eval`, with secrets and personal data ' +
      'masked. Notes and runbooks are left out. Nothing is stored.',
  })
  @ApiCreatedResponse({ type: EvalCaseView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429, 503)
  async evalCase(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Body() body?: EvalCaseBody,
  ): Promise<EvalCaseView> {
    return this.exportEvalCase.execute(tenantId, incidentId, {
      rootCauseEntity: body?.rootCauseEntity,
      rootCauseCommit: body?.rootCauseCommit,
      failureMode: body?.failureMode,
    });
  }

  @Get('model-calls')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({
    operationId: 'listModelCalls',
    summary: 'List the model calls of a run, with their costs',
    description: 'Hashes, sizes and masking rules, not the texts. Empty if no model is configured.',
  })
  @ApiOkResponse({ type: ModelCallList })
  @errorResponses(400, 401, 403, 404, 429)
  async modelCalls(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: ModelCallsQuery,
  ): Promise<ModelCallList> {
    const { investigationId, calls } = await this.show.modelCalls(
      tenantId,
      incidentId,
      query.investigationId,
    );
    return { investigationId, items: calls.map(modelCallView) };
  }
}
