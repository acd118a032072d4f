import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Allow, type Principal } from '#kernel/http/principal';
import { ArrangeRoster } from './arrange-roster.js';
import { Assignments } from './assignment.js';
import { AssignmentView, RosterBody, RosterView } from './on-call.dto.js';
import { type Roster, Rosters } from './roster.js';

@Controller('v1')
@ApiTags('on-call')
export class OnCallController {
  constructor(
    private readonly arrangeRoster: ArrangeRoster,
    private readonly rosters: Rosters,
    private readonly assignments: Assignments,
  ) {}

  @Put('on-call/:service')
  @Allow({ role: 'admin' })
  @ApiOperation({ operationId: 'arrangeRoster', summary: 'Set the roster of a service' })
  @ApiOkResponse({ type: RosterView })
  @errorResponses(400, 401, 403, 413, 415, 429)
  async arrange(
    @Caller() { tenantId }: Principal,
    @Param('service') service: string,
    @Body() { people }: RosterBody,
  ): Promise<RosterView> {
    return rosterView(await this.arrangeRoster.execute(tenantId, service, people));
  }

  @Get('on-call/:service')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getRoster', summary: 'Get the roster of a service' })
  @ApiOkResponse({ type: RosterView })
  @errorResponses(401, 403, 404, 429)
  async roster(@Caller() { tenantId }: Principal, @Param('service') service: string): Promise<RosterView> {
    return rosterView(await this.rosters.get(tenantId, service));
  }

  @Get('incidents/:incidentId/on-call')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getOnCall', summary: 'Get the person on call for an incident' })
  @ApiOkResponse({ type: AssignmentView })
  @errorResponses(401, 403, 404, 429)
  async onCall(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
  ): Promise<AssignmentView> {
    const { assignmentId, service, person, assignedAt } = await this.assignments.get(tenantId, incidentId);
    return { assignmentId, incidentId, service, person, assignedAt: assignedAt.toISOString() };
  }
}

function rosterView({ service, people, next }: Roster): RosterView {
  return { service, people, next };
}
