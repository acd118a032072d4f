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
import { Idempotent } from '#kernel/http/idempotent';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { ChangeWebhookSubscription } from '../application/webhooks/change-webhook-subscription.js';
import { CreateWebhookSubscription } from '../application/webhooks/create-webhook-subscription.js';
import { ListWebhookSubscriptions } from '../application/webhooks/list-webhook-subscriptions.js';
import { RotateSubscriptionSecret } from '../application/webhooks/rotate-subscription-secret.js';
import { TestWebhookSubscription } from '../application/webhooks/test-webhook-subscription.js';
import type { WebhookSubscription } from '../domain/webhook-subscription.js';
import { WebhookSubscriptions } from '../domain/webhook-subscriptions.js';
import {
  ChangeWebhookSubscriptionBody,
  CreateWebhookSubscriptionBody,
  NewWebhookSubscription,
  RotatedSubscriptionSecret,
  RotateSubscriptionSecretBody,
  WebhookSubscriptionPage,
  WebhookSubscriptionView,
  WebhookTestResult,
} from './webhook-subscriptions.dto.js';

@Controller('v1/webhook-subscriptions')
@ApiTags('webhook subscriptions')
@Allow({ role: 'admin' })
export class WebhookSubscriptionsController {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly createSubscription: CreateWebhookSubscription,
    private readonly changeSubscription: ChangeWebhookSubscription,
    private readonly listSubscriptions: ListWebhookSubscriptions,
    private readonly testSubscription: TestWebhookSubscription,
    private readonly rotateSecret: RotateSubscriptionSecret,
  ) {}

  @Post()
  @Idempotent()
  @ApiOperation({
    operationId: 'createWebhookSubscription',
    summary: 'Create a webhook subscription',
    description:
      'Each event is one POST of its envelope, signed per Standard Webhooks 1.0.0; `webhook-id` is the id of the event. ' +
      'Any 2xx within 15 seconds is a success. Otherwise it is retried after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, ' +
      '20 h and 24 h, or later if a 429 or 503 has a `Retry-After`. An event may arrive more than once; first attempts ' +
      'are in the order of the log. A 410 disables the subscription, and so do five days of failures.',
  })
  @ApiCreatedResponse({ type: NewWebhookSubscription })
  @errorResponses(400, 401, 403, 409, 413, 415, 422, 429)
  async create(
    @Caller() { tenantId, id }: Principal,
    @Body() body: CreateWebhookSubscriptionBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewWebhookSubscription> {
    const { subscription, secret } = await this.createSubscription.execute(tenantId, body, id);
    response.setHeader('Location', `/v1/webhook-subscriptions/${subscription.subscriptionId}`);
    return Object.assign(subscriptionView(subscription), { secret });
  }

  @Get()
  @ApiOperation({ operationId: 'listWebhookSubscriptions', summary: 'List webhook subscriptions' })
  @ApiOkResponse({ type: WebhookSubscriptionPage })
  @errorResponses(400, 401, 403, 429)
  async list(@Caller() { tenantId }: Principal, @Query() query: PageQuery): Promise<WebhookSubscriptionPage> {
    const page = await this.listSubscriptions.execute(tenantId, query);
    return { ...page, items: page.items.map(subscriptionView) };
  }

  @Get(':subscriptionId')
  @ApiOperation({ operationId: 'getWebhookSubscription', summary: 'Get a webhook subscription' })
  @ApiOkResponse({ type: WebhookSubscriptionView })
  @errorResponses(401, 403, 404, 429)
  async get(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
  ): Promise<WebhookSubscriptionView> {
    return subscriptionView(await this.subscriptions.get(tenantId, subscriptionId));
  }

  @Patch(':subscriptionId')
  @ApiOperation({
    operationId: 'updateWebhookSubscription',
    summary: 'Update, enable or disable a webhook subscription',
  })
  @ApiOkResponse({ type: WebhookSubscriptionView })
  @errorResponses(400, 401, 403, 404, 413, 415, 429)
  async change(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
    @Body() body: ChangeWebhookSubscriptionBody,
  ): Promise<WebhookSubscriptionView> {
    return subscriptionView(await this.changeSubscription.execute(tenantId, subscriptionId, body));
  }

  @Delete(':subscriptionId')
  @HttpCode(204)
  @ApiOperation({ operationId: 'deleteWebhookSubscription', summary: 'Delete a webhook subscription' })
  @ApiNoContentResponse()
  @errorResponses(401, 403, 404, 429)
  async delete(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
  ): Promise<void> {
    await this.subscriptions.remove(tenantId, subscriptionId, () => undefined);
  }

  @Post(':subscriptionId/test')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'testWebhookSubscription',
    summary: 'Send a test event',
    description:
      'It is sent at once, named webhook_subscription.test and signed like any other. It is not recorded.',
  })
  @ApiOkResponse({ type: WebhookTestResult })
  @errorResponses(401, 403, 404, 429)
  async test(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
  ): Promise<WebhookTestResult> {
    const result = await this.testSubscription.execute(tenantId, subscriptionId);
    const { eventId, statusCode, error, answer, durationMs } = result;
    return { eventId, succeeded: error === null, statusCode, error, answer, durationMs };
  }

  @Post(':subscriptionId/rotate-secret')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'rotateSubscriptionSecret',
    summary: 'Rotate the secret of a webhook subscription',
    description:
      'For `overlapMinutes`, messages are also signed with the current secret, so that receivers can be updated meanwhile, ' +
      'and with former ones until their own overlaps end; 0 ends all overlaps at once.',
  })
  @ApiOkResponse({ type: RotatedSubscriptionSecret })
  @errorResponses(400, 401, 403, 404, 413, 415, 429)
  async rotate(
    @Caller() { tenantId }: Principal,
    @Param('subscriptionId') subscriptionId: string,
    @Body() body: RotateSubscriptionSecretBody,
  ): Promise<RotatedSubscriptionSecret> {
    const { secret, until } = await this.rotateSecret.execute(
      tenantId,
      subscriptionId,
      body.overlapMinutes,
      body.secret,
    );
    return { subscriptionId, secret, previousSecretExpiresAt: until.toISOString() };
  }
}

function subscriptionView(subscription: WebhookSubscription): WebhookSubscriptionView {
  const { subscriptionId, url, events, description, enabled, disabledReason, createdBy } = subscription;
  return {
    subscriptionId, url, events, description, enabled, disabledReason,
    failingSince: subscription.failingSince?.toISOString() ?? null,
    createdBy,
    createdAt: subscription.createdAt.toISOString(),
    updatedAt: subscription.updatedAt.toISOString(),
  }; // prettier-ignore
}
