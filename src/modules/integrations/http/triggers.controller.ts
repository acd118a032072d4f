import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import {
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
import { ChangeTrigger } from '../application/triggers/change-trigger.js';
import { CreateTrigger } from '../application/triggers/create-trigger.js';
import { ListTriggers } from '../application/triggers/list-triggers.js';
import { SimulateTrigger } from '../application/triggers/simulate-trigger.js';
import type { Trigger } from '../domain/trigger.js';
import { Triggers } from '../domain/triggers.js';
import {
  ChangeTriggerBody,
  CreateTriggerBody,
  TriggerPage,
  TriggerSimulation,
  TriggerView,
} from './triggers.dto.js';

@Controller('v1/triggers')
@ApiTags('triggers')
export class TriggersController {
  constructor(
    private readonly triggers: Triggers,
    private readonly createTrigger: CreateTrigger,
    private readonly changeTrigger: ChangeTrigger,
    private readonly listTriggers: ListTriggers,
    private readonly simulateTrigger: SimulateTrigger,
  ) {}

  @Get()
  @Allow({})
  @ApiOperation({ operationId: 'listTriggers', summary: 'List triggers' })
  @ApiOkResponse({ type: TriggerPage })
  @errorResponses(400, 401, 403, 429)
  async list(@Caller() { tenantId }: Principal, @Query() query: PageQuery): Promise<TriggerPage> {
    const page = await this.listTriggers.execute(tenantId, query);
    return { ...page, items: page.items.map(triggerView) };
  }

  @Post()
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'createTrigger',
    summary: 'Create a trigger: an action that runs when an event meets a condition',
  })
  @ApiCreatedResponse({ type: TriggerView })
  @errorResponses(400, 401, 403, 413, 415, 429)
  async create(
    @Caller() { tenantId, id }: Principal,
    @Body() body: CreateTriggerBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TriggerView> {
    const trigger = await this.createTrigger.execute(tenantId, body, id);
    response.setHeader('Location', `/v1/triggers/${trigger.triggerId}`);
    return triggerView(trigger);
  }

  @Get(':triggerId')
  @Allow({})
  @ApiOperation({ operationId: 'getTrigger', summary: 'Get a trigger' })
  @ApiOkResponse({ type: TriggerView })
  @errorResponses(401, 403, 404, 429)
  async get(@Caller() { tenantId }: Principal, @Param('triggerId') triggerId: string): Promise<TriggerView> {
    return triggerView(await this.triggers.get(tenantId, triggerId));
  }

  @Patch(':triggerId')
  @Allow({ role: 'admin' })
  @ApiOperation({ operationId: 'updateTrigger', summary: 'Change, enable or disable a trigger' })
  @ApiOkResponse({ type: TriggerView })
  @errorResponses(400, 401, 403, 404, 413, 415, 429)
  async change(
    @Caller() { tenantId }: Principal,
    @Param('triggerId') triggerId: string,
    @Body() body: ChangeTriggerBody,
  ): Promise<TriggerView> {
    return triggerView(await this.changeTrigger.execute(tenantId, triggerId, body));
  }

  @Delete(':triggerId')
  @Allow({ role: 'admin' })
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteTrigger', summary: 'Delete a trigger' })
  @ApiNoContentResponse()
  @errorResponses(401, 403, 404, 429)
  async delete(@Caller() { tenantId, id }: Principal, @Param('triggerId') triggerId: string): Promise<void> {
    await this.triggers.remove(tenantId, triggerId, (trigger) => trigger.delete(id));
  }

  @Post(':triggerId/simulate')
  @Allow({ role: 'admin' })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'simulateTrigger',
    summary: 'Find the past events that would have fired a trigger',
  })
  @ApiOkResponse({ type: TriggerSimulation })
  @errorResponses(401, 403, 404, 429)
  async simulate(
    @Caller() { tenantId }: Principal,
    @Param('triggerId') triggerId: string,
  ): Promise<TriggerSimulation> {
    const { examined, fired } = await this.simulateTrigger.execute(tenantId, triggerId);
    return {
      triggerId,
      examined,
      fired: fired.map(({ event, incidentId }) => ({
        id: event.id,
        event: event.type,
        timestamp: event.occurredAt.toISOString(),
        incidentId,
      })),
    };
  }
}

function triggerView(trigger: Trigger): TriggerView {
  const { triggerId, name, on, condition, action, actionConfig, enabled, createdBy } = trigger;
  return {
    triggerId, name, on, condition, action, actionConfig, enabled, createdBy,
    createdAt: trigger.createdAt.toISOString(),
    updatedAt: trigger.updatedAt.toISOString(),
  }; // prettier-ignore
}
