import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { errorResponses } from '#kernel/http/error-docs';
import { AnyObject, IdOf, OneOf, Text } from '#kernel/http/fields';
import { SEVERITIES, type Severity } from '../events.js';

/** The body of the `custom` source, for the documents; `readCustomAlert` is what reads it. */
export class CustomAlertBody {
  @Text({
    max: 500,
    summary: 'Short description of the alert',
    example: 'High error rate on payment-service',
  })
  title!: string;
  @Text({
    max: 20_000,
    summary: 'Detailed description for triage',
    example: '5xx error rate exceeded 5% for 3 consecutive minutes.',
  })
  description!: string;
  @Text({
    max: 512,
    optional: true,
    nullable: true,
    summary: 'Your id of the alert; repeats of it are refused with 409',
    example: 'alert-98765',
  })
  sourceAlertId?: string | null;
  @OneOf(SEVERITIES, { optional: true, nullable: true, default: 'medium', summary: 'In any case of letters' })
  severity?: Severity | null;
  @Text({ max: 200, optional: true, nullable: true, example: 'payment-service' })
  service?: string | null;
  @Text({ max: 200, optional: true, nullable: true, example: 'production' })
  environment?: string | null;
  @AnyObject({
    optional: true,
    nullable: true,
    summary: 'At most 64 texts by name',
    example: { team: 'platform' },
  })
  tags?: Record<string, string> | null;
  @AnyObject({
    optional: true,
    nullable: true,
    summary: 'Any JSON object of at most 256 KiB',
    example: { errorRate: '5.3%' },
  })
  metadata?: Record<string, unknown> | null;
}

export class WebhookAccepted {
  @IdOf('inc') incidentId!: string;
  @OneOf(['triaging']) status!: 'triaging';
}

export function webhookDocs(): MethodDecorator {
  return applyDecorators(
    ApiTags('alerts'),
    ApiOperation({
      operationId: 'sendCustomAlert',
      summary: 'Send an alert',
      description:
        'Opens an incident and hands it to triage. Answered only after alert, incident and events are durably stored.',
      security: [{ webhookKey: [], webhookSignature: [] }],
    }),
    ApiHeader({ name: 'X-API-Key', required: true, description: 'An API key with the scope webhooks:write' }),
    ApiHeader({
      name: 'X-Webhook-Signature',
      required: true,
      description:
        'Hex HMAC-SHA256 of the raw body under the webhook secret, with or without the prefix sha256=',
    }),
    ApiBody({ type: CustomAlertBody }),
    ApiAcceptedResponse({ type: WebhookAccepted }),
    errorResponses(400, 401, 409, 413, 415, 429, 503),
  );
}
