import { Module } from '@nestjs/common';
import { ChangeWebhookSubscription } from './application/webhooks/change-webhook-subscription.js';
import { CreateWebhookSubscription } from './application/webhooks/create-webhook-subscription.js';
import { DeliverWebhooks } from './application/webhooks/deliver-webhooks.js';
import { FindPosition } from './application/streams/find-position.js';
import { ListWebhookDeliveries } from './application/webhooks/list-webhook-deliveries.js';
import { ListWebhookSubscriptions } from './application/webhooks/list-webhook-subscriptions.js';
import { OpenStream } from './application/streams/open-stream.js';
import { PollEvents } from './application/streams/poll-events.js';
import { RedeliverWebhook } from './application/webhooks/redeliver-webhook.js';
import { RotateSubscriptionSecret } from './application/webhooks/rotate-subscription-secret.js';
import { SendWebhook } from './application/webhooks/send-webhook.js';
import { StreamQuota } from './application/streams/stream-quota.js';
import { StreamSupervisor } from './application/streams/stream-supervisor.js';
import { StreamTickets } from './application/streams/stream-tickets.js';
import { TenantFeeds } from './application/streams/tenant-feeds.js';
import { TestWebhookSubscription } from './application/webhooks/test-webhook-subscription.js';
import { WebhookDispatcher } from './application/webhooks/webhook-dispatcher.js';
import { WebhookSecrets } from './application/webhooks/webhook-secrets.js';
import { WebhookDeliveries } from './domain/webhook-deliveries.js';
import { WebhookSubscriptions } from './domain/webhook-subscriptions.js';
import { EventStreamController } from './http/event-stream.controller.js';
import { EventsController } from './http/events.controller.js';
import { WebhookDeliveriesController } from './http/webhook-deliveries.controller.js';
import { WebhookSubscriptionsController } from './http/webhook-subscriptions.controller.js';
import { SqlWebhookDeliveries } from './infrastructure/sql-webhook-deliveries.js';
import { StoredWebhookSubscriptions } from './infrastructure/stored-webhook-subscriptions.js';

/** Events out: the stream, the same log by polling, and webhook subscriptions. */
@Module({
  controllers: [
    EventStreamController,
    EventsController,
    WebhookSubscriptionsController,
    WebhookDeliveriesController,
  ],
  providers: [
    FindPosition,
    OpenStream,
    PollEvents,
    StreamSupervisor,
    StreamQuota,
    StreamTickets,
    TenantFeeds,
    ChangeWebhookSubscription,
    CreateWebhookSubscription,
    DeliverWebhooks,
    ListWebhookDeliveries,
    ListWebhookSubscriptions,
    RedeliverWebhook,
    RotateSubscriptionSecret,
    SendWebhook,
    TestWebhookSubscription,
    WebhookDispatcher,
    WebhookSecrets,
    { provide: WebhookDeliveries, useClass: SqlWebhookDeliveries },
    { provide: WebhookSubscriptions, useClass: StoredWebhookSubscriptions },
  ],
})
export class NotificationsModule {}
