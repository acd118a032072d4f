import { ArrayUnique, Matches } from 'class-validator';
import { Text, Texts } from '#kernel/http/fields';
import { HttpLogin } from '../http-login.js';
import { WebAddress } from '../web-address.js';

export const DEFAULT_INDEX = 'logs-*';
export const DEFAULT_TIME_FIELD = '@timestamp';
export const DEFAULT_MESSAGE_FIELD = 'message';
export const DEFAULT_LEVEL_FIELD = 'log.level';
export const DEFAULT_SERVICE_FIELDS: readonly string[] = [
  'service.name',
  'kubernetes.labels.app',
  'container.name',
];

export class ElasticsearchConfig {
  @WebAddress({ summary: 'Base URL of its HTTP API', example: 'https://elasticsearch.example.com' })
  url!: string;

  @Text({
    max: 500,
    optional: true,
    default: DEFAULT_INDEX,
    summary: 'Indices, data streams or aliases, comma-separated, with wildcards',
    example: DEFAULT_INDEX,
  })
  @Matches(/^[a-z0-9*][\w.,*-]*$/, { message: 'index must be names of indices, comma-separated' })
  index?: string;

  @Text({ max: 200, optional: true, default: DEFAULT_TIME_FIELD, example: DEFAULT_TIME_FIELD })
  timeField?: string;

  @Text({ max: 200, optional: true, default: DEFAULT_MESSAGE_FIELD, example: DEFAULT_MESSAGE_FIELD })
  messageField?: string;

  @Text({ max: 200, optional: true, default: DEFAULT_LEVEL_FIELD, example: DEFAULT_LEVEL_FIELD })
  levelField?: string;

  @Texts({
    max: 10,
    maxLength: 200,
    optional: true,
    default: DEFAULT_SERVICE_FIELDS,
    summary: 'The fields that may name the service of an incident',
    example: ['service.name'],
  })
  @ArrayUnique()
  serviceFields?: string[];
}

export class ElasticsearchCredentials extends HttpLogin {
  @Text({ max: 4000, optional: true, format: 'password', summary: 'The encoded API key', example: '…' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'apiKey must be printable ASCII' })
  apiKey?: string;
}
