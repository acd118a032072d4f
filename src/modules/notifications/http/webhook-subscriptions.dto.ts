import { Field, Flag, IdOf, ListOf, Moment, OneOf, Text, Texts, Whole } from '#kernel/http/fields';
import { SigningSecret, WebhookUrl } from '#kernel/http/webhook-fields';
import { DELIVERY_STATUSES, type WebhookDelivery } from '../domain/webhook-delivery.js';
import { DISABLED_REASONS, type DisabledReason } from '../domain/webhook-subscription.js';

const URL_FIELD = {
  summary: 'The URL that events are POSTed to; redirects are not followed',
  example: 'https://hooks.example.com/causeflow',
};
const EVENTS = {
  min: 1,
  max: 100,
  maxLength: 100,
  summary: 'Event names, and wildcards like * and incident.*',
  example: ['incident.created', 'investigation.*'],
};
const DESCRIPTION = { max: 500, nullable: true, example: 'Opens tickets' };
const SECRET = 'Signs messages per Standard Webhooks: whsec_ and the base64 of 24 to 64 bytes';

export class CreateWebhookSubscriptionBody {
  @WebhookUrl(URL_FIELD) url!: string;
  @Texts(EVENTS) events!: string[];
  @Text({ ...DESCRIPTION, optional: true }) description?: string | null;
  @SigningSecret({ optional: true, summary: `${SECRET}; generated when omitted` }) secret?: string;
}

export class ChangeWebhookSubscriptionBody {
  @WebhookUrl({ ...URL_FIELD, optional: true }) url?: string;
  @Texts({ ...EVENTS, optional: true }) events?: string[];
  @Text({ ...DESCRIPTION, optional: true }) description?: string | null;
  @Flag({
    optional: true,
    summary: 'When enabled again, it is sent new events and its pending retries',
  })
  enabled?: boolean;
}

export class WebhookSubscriptionView {
  @IdOf('whs') subscriptionId!: string;
  @Text({ max: 2000, format: 'uri', example: URL_FIELD.example }) url!: string;
  @Texts(EVENTS) events!: readonly string[];
  @Text(DESCRIPTION) description!: string | null;
  @Flag() enabled!: boolean;
  @OneOf(DISABLED_REASONS, {
    nullable: true,
    summary: 'Why it is disabled: by a user, because the URL answered 410, or after five days of failures',
  })
  disabledReason!: DisabledReason | null;
  @Moment({ nullable: true, summary: 'The first failure since the last success; null while there is none' })
  failingSince!: string | null;
  @IdOf('user') createdBy!: string;
  @Moment() createdAt!: string;
  @Moment() updatedAt!: string;
}

export class NewWebhookSubscription extends WebhookSubscriptionView {
  @Text({ max: 200, summary: `${SECRET}; shown only once`, example: 'whsec_…' }) secret!: string;
}

export class WebhookSubscriptionPage {
  @ListOf(() => WebhookSubscriptionView) items!: readonly WebhookSubscriptionView[];
  @Text({ max: 2048, nullable: true, summary: 'Pass it as `cursor` for the next page; null on the last one' })
  nextCursor!: string | null;
}

export class RotateSubscriptionSecretBody {
  @Whole({ max: 10_080, optional: true, default: 1440, summary: 'How long the current secret still signs' })
  overlapMinutes: number = 1440;
  @SigningSecret({ optional: true, summary: `${SECRET}; generated when omitted` }) secret?: string;
}

export class RotatedSubscriptionSecret {
  @IdOf('whs') subscriptionId!: string;
  @Text({ max: 200, summary: `${SECRET}; shown only once`, example: 'whsec_…' }) secret!: string;
  @Moment({ summary: 'Until then messages are also signed with the former secret' })
  previousSecretExpiresAt!: string;
}

const STATUS_CODE = {
  min: 100,
  max: 999,
  nullable: true,
  summary: 'Null when there was no response',
  example: 503,
};
const ERROR = { max: 500, nullable: true, example: 'The address answered 503.' };

export class WebhookTestResult {
  @IdOf('evt', { summary: 'The webhook-id of the test' }) eventId!: string;
  @Flag() succeeded!: boolean;
  @Whole(STATUS_CODE) statusCode!: number | null;
  @Text({ ...ERROR, summary: 'Why it failed' }) error!: string | null;
  @Field({ type: 'string', nullable: true, summary: 'The beginning of the response body', example: 'busy' })
  answer!: string | null;
  @Whole({ example: 86 }) durationMs!: number;
}

export class WebhookDeliveryView {
  @IdOf('dlv') deliveryId!: string;
  @IdOf('evt', { summary: 'The webhook-id of every attempt' }) eventId!: string;
  @Text({ max: 100, example: 'incident.created' }) event!: string;
  @OneOf(DELIVERY_STATUSES, { summary: 'pending until it has succeeded or its retries are exhausted' })
  status!: WebhookDelivery['status'];
  @Whole({ example: 2 }) attempts!: number;
  @Whole(STATUS_CODE) lastStatusCode!: number | null;
  @Text({ ...ERROR, summary: 'Why the last attempt failed' }) lastError!: string | null;
  @Moment({ nullable: true }) nextAttemptAt!: string | null;
  @Moment({ nullable: true }) lastAttemptAt!: string | null;
  @Moment() createdAt!: string;
}

export class WebhookDeliveryPage {
  @ListOf(() => WebhookDeliveryView) items!: readonly WebhookDeliveryView[];
  @Text({ max: 2048, nullable: true, summary: 'Pass it as `cursor` for the next page; null on the last one' })
  nextCursor!: string | null;
}
