import { Body, Controller, Get, Headers, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiNotModifiedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { errorResponses } from '#kernel/http/error-docs';
import { Idempotent } from '#kernel/http/idempotent';
import { PageQuery } from '#kernel/http/page';
import { Caller } from '#kernel/http/call-request';
import { Allow, type Principal } from '#kernel/http/principal';
import { ChangeIncident } from '../application/change-incident.js';
import { incidentRow } from '../application/incident-row.js';
import { ListAlerts } from '../application/list-alerts.js';
import { ListIncidents } from '../application/list-incidents.js';
import { OpenIncident } from '../application/open-incident.js';
import { ReadTimeline } from '../application/read-timeline.js';
import { Incidents } from '../domain/incidents.js';
import { etagOf, incidentView, versionsOf } from './incident.view.js';
import {
  AlertPage,
  ChangeIncidentBody,
  CreateIncidentBody,
  IncidentPage,
  IncidentView,
  ListIncidentsQuery,
  TimelinePage,
} from './incidents.dto.js';

const WITH_ETAG = { ETag: { schema: { type: 'string' }, description: 'For If-Match' } } as const;

@Controller('v1/incidents')
@ApiTags('incidents')
export class IncidentsController {
  constructor(
    private readonly incidents: Incidents,
    private readonly listIncidents: ListIncidents,
    private readonly openIncident: OpenIncident,
    private readonly changeIncident: ChangeIncident,
    private readonly readTimeline: ReadTimeline,
    private readonly listAlerts: ListAlerts,
  ) {}

  @Get()
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'listIncidents', summary: 'List and search incidents' })
  @ApiOkResponse({ type: IncidentPage })
  @errorResponses(400, 401, 403, 429)
  async list(@Caller() { tenantId }: Principal, @Query() query: ListIncidentsQuery): Promise<IncidentPage> {
    const page = await this.listIncidents.execute(tenantId, query);
    return { ...page, items: page.items.map(incidentView) };
  }

  @Post()
  @Idempotent()
  @Allow({ scope: 'incidents:write' })
  @ApiOperation({ operationId: 'createIncident', summary: 'Open an incident by hand' })
  @ApiCreatedResponse({ type: IncidentView, description: 'As it was opened, before triage' })
  @errorResponses(400, 401, 403, 409, 413, 415, 422, 429)
  async create(
    @Caller() { tenantId }: Principal,
    @Body() body: CreateIncidentBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IncidentView> {
    const incident = await this.openIncident.execute(tenantId, body);
    response.setHeader('Location', `/v1/incidents/${incident.incidentId}`);
    return incidentView(incident);
  }

  @Get(':incidentId')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getIncident', summary: 'Get an incident' })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'An ETag: nothing is sent if it is current',
  })
  @ApiOkResponse({ type: IncidentView, headers: WITH_ETAG })
  @ApiNotModifiedResponse({ headers: WITH_ETAG })
  @errorResponses(401, 403, 404, 429)
  async get(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IncidentView> {
    const incident = await this.incidents.get(tenantId, incidentId);
    response.setHeader('ETag', etagOf(incident));
    return incidentView(incidentRow(incident));
  }

  @Patch(':incidentId')
  @Allow({ scope: 'incidents:write' })
  @HttpCode(200)
  @ApiOperation({ operationId: 'updateIncident', summary: 'Set status or severity by hand' })
  @ApiHeader({ name: 'If-Match', required: false, description: 'The ETag of the incident as you read it' })
  @ApiOkResponse({ type: IncidentView, headers: WITH_ETAG })
  @errorResponses(400, 401, 403, 404, 409, 412, 415, 429)
  async change(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Body() body: ChangeIncidentBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IncidentView> {
    const ifVersions = versionsOf(ifMatch);
    const incident = await this.changeIncident.execute(tenantId, incidentId, {
      ...(body.status && { status: body.status }),
      ...(body.severity && { severity: body.severity }),
      ...(ifVersions && { ifVersions }),
    });
    response.setHeader('ETag', etagOf(incident));
    return incidentView(incidentRow(incident));
  }

  @Get(':incidentId/timeline')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({ operationId: 'getIncidentTimeline', summary: 'List the timeline of an incident, in order' })
  @ApiOkResponse({ type: TimelinePage })
  @errorResponses(400, 401, 403, 404, 429)
  async timeline(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: PageQuery,
  ): Promise<TimelinePage> {
    const page = await this.readTimeline.execute(tenantId, incidentId, query);
    const items = page.items.map(({ id, type, occurredAt, actor, data }) => ({
      id,
      event: type,
      timestamp: occurredAt.toISOString(),
      actor,
      data: JSON.parse(data) as Record<string, unknown>,
    }));
    return { ...page, items };
  }

  @Get(':incidentId/alerts')
  @Allow({ scope: 'incidents:read' })
  @ApiOperation({
    operationId: 'listIncidentAlerts',
    summary: 'List the alerts of an incident, as they were sent',
  })
  @ApiOkResponse({ type: AlertPage })
  @errorResponses(400, 401, 403, 404, 429)
  async alerts(
    @Caller() { tenantId }: Principal,
    @Param('incidentId') incidentId: string,
    @Query() query: PageQuery,
  ): Promise<AlertPage> {
    const page = await this.listAlerts.execute(tenantId, incidentId, query);
    const items = page.items.map(({ raw, receivedAt, lastSeenAt, ...same }) => ({
      ...same,
      raw: raw.toString('utf8'),
      receivedAt: receivedAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
    }));
    return { ...page, items };
  }
}
