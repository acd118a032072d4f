import { Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Caller } from '#kernel/http/call-request';
import { Allow, type Principal } from '#kernel/http/principal';
import { validated } from '#kernel/http/validation';
import { AttachEvidence, type RawRow } from '../application/attach-evidence.js';
import { ListEvidence } from '../application/list-evidence.js';
import { EvidenceAttached, EvidenceBody, EvidencePage, UploadQuery } from './evidence.dto.js';
import { uploadedRows } from './evidence-upload.js';

@Controller('v1/incidents/:incidentId/evidence')
@ApiTags('incidents')
export class EvidenceController {
  constructor(
    private readonly attachEvidence: AttachEvidence,
    private readonly listEvidence: ListEvidence,
  ) {}

  @Get()
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listIncidentEvidence', summary: 'List the evidence of an incident' })
  @ApiOkResponse({ type: EvidencePage })
  @errorResponses(400, 401, 403, 404, 429)
  async list(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: PageQuery,
  ): Promise<EvidencePage> {
    const page = await this.listEvidence.execute(tenantId, incidentId, query);
    const items = page.items.map(({ startedAt, endedAt, attachedAt, ...same }) => ({
      ...same,
      startedAt: startedAt?.toISOString() ?? null,
      endedAt: endedAt?.toISOString() ?? null,
      attachedAt: attachedAt.toISOString(),
    }));
    return { ...page, items };
  }

  @Post()
  @Allow({ scope: 'incidents:write' })
  @ApiOperation({
    operationId: 'attachEvidence',
    summary: 'Attach evidence to an incident',
    description:
      'As JSON, or as an upload of at most 32 MiB with type and source in the query. Metrics, logs, spans and topology have ' +
      'the columns that their errors name. A platform_event is a state {kind, entity, ready, reason, message, exitCode, restarts}, ' +
      'with a kind of pod, deployment, node, monitor or database, or an event {timestamp, entity, reason, message}; a change is ' +
      '{occurredAt, service, summary, version, commit, paths, diff}; database output is a metric or a text. Rows that no ' +
      'agent can read are named in the missingEvidence of the investigation.',
  })
  @ApiExtraModels(EvidenceBody)
  @ApiConsumes('application/json', 'text/csv', 'application/x-ndjson')
  @ApiBody({ schema: { $ref: getSchemaPath(EvidenceBody) } })
  @ApiCreatedResponse({ type: EvidenceAttached })
  @errorResponses(400, 401, 403, 404, 413, 415, 429)
  async attach(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: UploadQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EvidenceAttached> {
    const uploaded = uploadedRows(request);
    const body = uploaded ? query : await validated(EvidenceBody, request.body);
    if (body.type === undefined || body.source === undefined) {
      request.resume();
      throw new Refusal('validation_error', 'An upload names its type and source in the query.');
    }
    const rows = uploaded ?? rowsOf((body as EvidenceBody).content);
    const attachment = await this.attachEvidence.execute(
      tenantId,
      incidentId,
      {
        type: body.type,
        source: body.source,
        startedAt: body.startedAt === undefined ? null : new Date(body.startedAt),
        endedAt: body.endedAt === undefined ? null : new Date(body.endedAt),
      },
      rows,
    );
    response.setHeader('Location', `/v1/incidents/${incidentId}/evidence`);
    return attachment;
  }
}

function* rowsOf(content: unknown): Iterable<RawRow> {
  const values = Array.isArray(content) ? content : [content];
  let line = 0;
  for (const value of values) {
    line += 1;
    // Plain text is accepted as it is: a pasted log has no columns.
    if (typeof value === 'string')
      yield value.trim() === '' ? { line, value, fault: 'is empty' } : { line, value: { text: value } };
    else yield { line, value };
  }
}
