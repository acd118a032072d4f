import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Allow, type Principal } from '#kernel/http/principal';
import { ComparePatterns } from '../application/compare-patterns.js';
import { EditPattern } from '../application/edit-pattern.js';
import { GiveFeedback } from '../application/give-feedback.js';
import { ListPatterns } from '../application/list-patterns.js';
import { PatternStore } from '../domain/patterns.js';
import {
  PatternFeedbackBody,
  PatternFeedbackView,
  feedbackView,
  PatternChange,
  PatternPage,
  PatternQuery,
  PatternView,
  patternView,
  SimilarPatterns,
  similarView,
  SymptomsBody,
} from './knowledge.dto.js';

@Controller('v1/knowledge')
@ApiTags('knowledge')
export class KnowledgeController {
  constructor(
    private readonly listPatterns: ListPatterns,
    private readonly patterns: PatternStore,
    private readonly editPattern: EditPattern,
    private readonly comparePatterns: ComparePatterns,
    private readonly giveFeedback: GiveFeedback,
  ) {}

  @Get()
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listPatterns', summary: 'List failure patterns, newest first' })
  @ApiOkResponse({ type: PatternPage })
  @errorResponses(400, 401, 403, 429)
  async list(@Caller() { tenantId }: Principal, @Query() query: PatternQuery): Promise<PatternPage> {
    const { items, nextCursor } = await this.listPatterns.execute(tenantId, query);
    return { items: items.map(patternView), nextCursor };
  }

  @Post('similar')
  @Allow({})
  @HttpCode(200)
  @ApiOperation({
    operationId: 'findSimilarPatterns',
    summary: 'Find similar patterns',
    description:
      'The patterns that an investigation of such an incident would offer as known solutions: those with a similarity of at least 0.85.',
  })
  @ApiOkResponse({ type: SimilarPatterns })
  @errorResponses(400, 401, 403, 429)
  async similar(@Caller() { tenantId }: Principal, @Body() body: SymptomsBody): Promise<SimilarPatterns> {
    const { title, description, service = null } = body;
    const matches = await this.comparePatterns.execute(tenantId, { title, description, service });
    return { items: matches.filter(({ pattern }) => pattern.isOffered).map(similarView) };
  }

  @Post('feedback')
  @Allow({})
  @ApiOperation({
    operationId: 'givePatternFeedback',
    summary: 'Confirm or contradict a root cause or a fix',
    description:
      'A confirmation adds 0.10 to the confidence of the pattern, a rejection or correction subtracts 0.15. Repeated feedback of the same person counts as well. An admin edits a corrected pattern.',
  })
  @ApiCreatedResponse({ type: PatternFeedbackView })
  @errorResponses(400, 401, 403, 404, 429)
  async feedback(
    @Caller() { tenantId, id }: Principal,
    @Body() body: PatternFeedbackBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PatternFeedbackView> {
    const given = await this.giveFeedback.execute(tenantId, id, body);
    const { incidentId, patternId } = given;
    response.location(patternId === null ? `/v1/incidents/${incidentId}` : `/v1/knowledge/${patternId}`);
    return feedbackView(given);
  }

  @Get(':patternId')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getPattern', summary: 'Get a failure pattern' })
  @ApiOkResponse({ type: PatternView })
  @errorResponses(401, 403, 404, 429)
  async get(@Caller() { tenantId }: Principal, @Param('patternId') patternId: string): Promise<PatternView> {
    return patternView(await this.patterns.get(tenantId, patternId));
  }

  @Patch(':patternId')
  @Allow({ role: 'admin' })
  @ApiOperation({ operationId: 'updatePattern', summary: 'Update a pattern' })
  @ApiOkResponse({ type: PatternView })
  @errorResponses(400, 401, 403, 404, 429)
  async update(
    @Caller() { tenantId }: Principal,
    @Param('patternId') patternId: string,
    @Body() change: PatternChange,
  ): Promise<PatternView> {
    return patternView(await this.editPattern.execute(tenantId, patternId, change));
  }
}
