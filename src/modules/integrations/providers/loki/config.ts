import { Matches } from 'class-validator';
import { Text } from '#kernel/http/fields';
import { EnvironmentLabel, ServiceLabels } from '../labels.js';
import { WebAddress } from '../web-address.js';

export const DEFAULT_SERVICE_LABELS: readonly string[] = [
  'service_name',
  'service',
  'app',
  'job',
  'container',
];

export class LokiConfig {
  @WebAddress({
    summary: 'Base URL of its HTTP API, without /loki/api/v1',
    example: 'https://loki.example.com',
  })
  url!: string;

  @ServiceLabels({ default: DEFAULT_SERVICE_LABELS, example: ['service_name', 'app'] })
  serviceLabels?: string[];

  @EnvironmentLabel()
  environmentLabel?: string;

  @Text({ max: 200, optional: true, summary: 'Sent as X-Scope-OrgID', example: 'acme' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'tenant must be printable ASCII' })
  tenant?: string;
}
