import { ArrayUnique, Matches } from 'class-validator';
import { Text, Texts } from '#kernel/http/fields';
import { WebAddress } from '../web-address.js';

export const DEFAULT_SERVICE_LABELS: readonly string[] = [
  'service_name',
  'service',
  'app',
  'job',
  'container',
];

const LABEL = /^[a-zA-Z_]\w*$/;

export class LokiConfig {
  @WebAddress({ summary: 'Where its HTTP API is, without /loki/api/v1', example: 'https://loki.example.com' })
  url!: string;

  @Texts({
    max: 10,
    maxLength: 100,
    optional: true,
    default: DEFAULT_SERVICE_LABELS,
    summary: 'The labels that may name the service of an incident, the best first',
    example: ['service_name', 'app'],
  })
  @ArrayUnique()
  @Matches(LABEL, { each: true, message: 'serviceLabels must be names of labels' })
  serviceLabels?: string[];

  @Text({
    max: 100,
    optional: true,
    summary: 'The label that names the environment; without it all environments are read together',
    example: 'environment',
  })
  @Matches(LABEL, { message: 'environmentLabel must be the name of a label' })
  environmentLabel?: string;

  @Text({ max: 200, optional: true, summary: 'Sent as X-Scope-OrgID', example: 'acme' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'tenant must be printable ASCII' })
  tenant?: string;
}
