import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { errorResponses } from '#kernel/http/error-docs';
import { AnyObject, IdOf, ListOf, OneOf, Text, TextsByName, Whole } from '#kernel/http/fields';
import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { INCIDENT_STATUSES, type IncidentStatus } from '../events.js';

/** Documents the body of the `custom` source. `readCustomAlert` parses it. */
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
    summary: 'Your id of the alert; duplicates are refused with 409',
    example: 'alert-98765',
  })
  sourceAlertId?: string | null;
  @OneOf(SEVERITIES, { optional: true, nullable: true, default: 'medium', summary: 'Case-insensitive' })
  severity?: Severity | null;
  @Text({ max: 200, optional: true, nullable: true, example: 'payment-service' })
  service?: string | null;
  @Text({ max: 200, optional: true, nullable: true, example: 'production' })
  environment?: string | null;
  @TextsByName({
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

class WebhookAccepted {
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

class ConcernedIncident {
  @IdOf('inc') incidentId!: string;
  @OneOf(INCIDENT_STATUSES) status!: IncidentStatus;
  @Text({ max: 512, summary: "The tool's id of the alert", example: 'c6eadffa33fcdf37' })
  sourceAlertId!: string;
}

export class NoticesAccepted {
  @Whole({ summary: 'Number of alerts and deploys in the body', example: 1 }) accepted!: number;
  @ListOf(() => ConcernedIncident, {
    max: 100_000,
    summary: 'Incidents that were opened, added to or resolved',
  })
  incidents!: readonly ConcernedIncident[];
}

/** The native endpoints differ only in how the sender authenticates. */
export function nativeWebhookDocs({
  operationId,
  by,
}: {
  operationId: string;
  by: 'key' | 'token';
}): MethodDecorator {
  const key = ApiHeader({
    name: 'X-API-Key',
    required: true,
    description: 'An API key with the scope webhooks:write',
  });
  const token = ApiParam({
    name: 'ingestToken',
    example: 'aB3',
    description: 'The last part of the `ingestUrl` of an integration; valid until it is disconnected',
  });
  return applyDecorators(
    ApiTags('alerts'),
    ApiOperation({
      operationId,
      summary: `Send alerts in the format of a monitoring tool, ${by === 'key' ? 'with an API key' : 'to the address of an integration'}`,
      description:
        'A firing alert opens an incident, or adds to the one that it opened before if that has not ended. A resolved ' +
        'alert resolves its incident and never opens one. Invalid characters are replaced and long texts are cut; the ' +
        'body itself is kept unchanged. Deploys, which some tools send, are recorded as changes, once. If the ' +
        'integration has a signing secret, the signature of the tool is required.',
      security: by === 'key' ? [{ webhookKey: [] }] : [],
    }),
    ApiParam({ name: 'provider', example: 'alertmanager' }),
    by === 'key' ? key : token,
    ApiBody({
      description: "As the tool sends it, in the tool's own media type",
      schema: {
        oneOf: [
          { type: 'object', additionalProperties: true },
          { type: 'array', items: {} },
        ],
        example: ALERTMANAGER_BODY,
      },
    }),
    ApiAcceptedResponse({ type: NoticesAccepted }),
    ...(by === 'token'
      ? [ApiOkResponse({ description: 'A request of a chat was dealt with; no body' })]
      : []),
    errorResponses(400, 401, 404, 413, 415, 429, 503),
  );
}

const ALERTMANAGER_BODY = {
  version: '4',
  status: 'firing',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'HighErrorRate', service: 'checkout', severity: 'critical' },
      annotations: { summary: 'More than 5 % of the requests to checkout fail' },
      startsAt: '2026-03-01T12:00:00Z',
      fingerprint: 'c6eadffa33fcdf37',
    },
  ],
};
