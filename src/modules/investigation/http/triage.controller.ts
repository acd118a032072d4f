import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Allow, type Principal } from '#kernel/http/principal';
import { TriageIncidents } from '../application/triage-incidents.js';
import { TriageView } from './triage.dto.js';

@Controller('v1/triage/:incidentId')
@ApiTags('investigation')
export class TriageController {
  constructor(private readonly triageIncidents: TriageIncidents) {}

  @Get()
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getTriage', summary: 'Get the triage of an incident, with its reasons' })
  @ApiOkResponse({ type: TriageView })
  @errorResponses(401, 403, 404, 429)
  async get(@Caller() { tenantId }: Principal, @Param('incidentId') incidentId: string): Promise<TriageView> {
    return this.triageIncidents.find(tenantId, incidentId);
  }

  @Post()
  @Allow({ scope: 'incidents:write' })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'triageIncident',
    summary: 'Triage an incident again',
    description: 'Replaces the triage result. Starts and changes nothing else.',
  })
  @ApiOkResponse({ type: TriageView })
  @errorResponses(401, 403, 404, 429)
  async triage(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
  ): Promise<TriageView> {
    return this.triageIncidents.execute(tenantId, incidentId);
  }
}
