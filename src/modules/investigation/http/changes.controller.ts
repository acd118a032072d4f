import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Clock } from '#kernel/domain/clock';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Idempotent } from '#kernel/http/idempotent';
import { Allow, type Principal } from '#kernel/http/principal';
import { FindChange } from '../application/changes/find-change.js';
import { type ChangeRow, ListChanges } from '../application/changes/list-changes.js';
import { RecordChange } from '../application/changes/record-change.js';
import { ChangePage, ChangeView, ListChangesQuery, RecordChangeBody } from './changes.dto.js';

@Controller('v1/changes')
@ApiTags('changes')
export class ChangesController {
  constructor(
    private readonly recordChange: RecordChange,
    private readonly listChanges: ListChanges,
    private readonly findChange: FindChange,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Idempotent()
  @Allow({ scope: 'changes:write' })
  @ApiOperation({ operationId: 'recordChange', summary: 'Record a deploy or another change' })
  @ApiCreatedResponse({ type: ChangeView })
  @errorResponses(400, 401, 403, 409, 413, 415, 422, 429)
  async record(
    @Caller() { tenantId }: Principal,
    @Body() { type, service, environment, version, summary, url, occurredAt }: RecordChangeBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChangeView> {
    const change = {
      type,
      service,
      environment: environment ?? null,
      version: version ?? null,
      summary,
      url: url ?? null,
      occurredAt: occurredAt === undefined ? this.clock.now() : new Date(occurredAt),
    };
    const changeId = await this.recordChange.record(tenantId, change);
    response.setHeader('Location', `/v1/changes/${changeId}`);
    return changeView({ changeId, ...change });
  }

  @Get()
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listChanges', summary: 'List recorded changes, latest first' })
  @ApiOkResponse({ type: ChangePage })
  @errorResponses(400, 401, 403, 429)
  async list(@Caller() { tenantId }: Principal, @Query() query: ListChangesQuery): Promise<ChangePage> {
    const page = await this.listChanges.execute(tenantId, query);
    return { ...page, items: page.items.map(changeView) };
  }

  @Get(':changeId')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getChange', summary: 'Get a recorded change' })
  @ApiOkResponse({ type: ChangeView })
  @errorResponses(401, 403, 404, 429)
  async get(@Caller() { tenantId }: Principal, @Param('changeId') changeId: string): Promise<ChangeView> {
    return changeView(await this.findChange.execute(tenantId, changeId));
  }
}

function changeView({
  changeId,
  type,
  service,
  environment,
  version,
  summary,
  url,
  occurredAt,
}: ChangeRow): ChangeView {
  return {
    changeId,
    type,
    service,
    environment,
    version,
    summary,
    url,
    occurredAt: occurredAt.toISOString(),
  };
}
