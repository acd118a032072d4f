import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { ListWebhookDeliveries } from '../application/webhooks/list-webhook-deliveries.js';
import { RedeliverWebhook } from '../application/webhooks/redeliver-webhook.js';
import type { WebhookDelivery } from '../domain/webhook-delivery.js';
import { WebhookDeliveryPage, WebhookDeliveryView } from './webhook-subscriptions.dto.js';

@Controller('v1/webhook-subscriptions/:subscriptionId/deliveries')
@ApiTags('webhook subscriptions')
@Allow({ role: 'admin' })
export class WebhookDeliveriesController {
  constructor(
    private readonly listDeliveries: ListWebhookDeliveries,
    private readonly redeliverWebhook: RedeliverWebhook,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listWebhookDeliveries',
    summary: 'List the deliveries of a webhook subscription, newest event first',
    description: 'One per event, over all its attempts, for seven days.',
  })
  @ApiOkResponse({ type: WebhookDeliveryPage })
  @errorResponses(400, 401, 403, 404, 429)
  async list(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
    @Query() query: PageQuery,
  ): Promise<WebhookDeliveryPage> {
    const page = await this.listDeliveries.execute(tenantId, subscriptionId, query);
    return { ...page, items: page.items.map(deliveryView) };
  }

  @Post(':deliveryId/redeliver')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'redeliverWebhook',
    summary: 'Redeliver an event',
    description:
      'Whatever its status. It is sent soon, under the same `webhook-id`, and retried on the schedule of a first attempt.',
  })
  @ApiAcceptedResponse({ type: WebhookDeliveryView })
  @errorResponses(401, 403, 404, 409, 429)
  async redeliver(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<WebhookDeliveryView> {
    return deliveryView(await this.redeliverWebhook.execute(tenantId, subscriptionId, deliveryId));
  }
}

function deliveryView(delivery: WebhookDelivery): WebhookDeliveryView {
  const { deliveryId, eventId, event, status, attempts, lastStatusCode, lastError } = delivery;
  return {
    deliveryId, eventId, event, status, attempts, lastStatusCode, lastError,
    nextAttemptAt: delivery.nextAttemptAt?.toISOString() ?? null,
    lastAttemptAt: delivery.lastAttemptAt?.toISOString() ?? null,
    createdAt: delivery.createdAt.toISOString(),
  }; // prettier-ignore
}
