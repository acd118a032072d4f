import { AnyObject, Flag, IdOf, ListOf, Moment, OneOf, Text, Texts } from '#kernel/http/fields';
import { INTEGRATION_STATUSES, type IntegrationStatus } from '../domain/integration.js';
import { AUTH_TYPES, CAPABILITIES, CATEGORIES } from '../providers/provider.js';

export class CatalogEntry {
  @Text({ max: 64, example: 'http_runner' }) provider!: string;
  @Text({ max: 100, example: 'HTTP runner' }) displayName!: string;
  @OneOf(CATEGORIES) category!: string;
  @Texts({ values: CAPABILITIES, summary: 'What CauseFlow can do with it once it is connected' })
  capabilities!: readonly string[];
  @OneOf(AUTH_TYPES) authType!: string;
  @AnyObject({
    summary: 'JSON Schema of `config`',
    example: { type: 'object', properties: { url: { type: 'string', format: 'uri' } }, required: ['url'] },
  })
  configSchema!: Readonly<Record<string, unknown>>;
  @AnyObject({
    summary: 'JSON Schema of `credentials`; all of it is secret and never returned',
    example: {
      type: 'object',
      properties: { secret: { type: 'string' } },
      required: ['secret'],
      writeOnly: true,
    },
  })
  credentialsSchema!: Readonly<Record<string, unknown>>;
  @Text({ max: 20_000, summary: 'Markdown', example: '1. Make a secret.' }) setupGuide!: string;
}

export class Catalog {
  @ListOf(() => CatalogEntry) items!: readonly CatalogEntry[];
  @Text({ max: 2048, nullable: true, summary: 'Always null: the catalogue is one page', example: null })
  nextCursor!: null;
}

export class ConnectBody {
  @Text({ max: 200, optional: true, summary: 'Your name for it', example: 'Production runner' })
  label?: string;
  @AnyObject({
    optional: true,
    summary: 'Must match the `configSchema` of the provider',
    example: { url: 'https://runner.example.com/steps', actions: ['rollback_deployment'] },
  })
  config?: object;
  @AnyObject({
    optional: true,
    summary: 'Must match the `credentialsSchema` of the provider; encrypted at rest, never returned',
    example: { secret: 'whsec_…' },
  })
  credentials?: object;
}

export class IntegrationView {
  @IdOf('int') integrationId!: string;
  @Text({ max: 64, example: 'http_runner' }) provider!: string;
  @Text({ max: 200, example: 'Production runner' }) label!: string;
  @OneOf(INTEGRATION_STATUSES, { summary: 'failing: the last test failed, or messages were given up since' })
  status!: IntegrationStatus;
  @Texts({ values: CAPABILITIES }) capabilities!: readonly string[];
  @IdOf('user') connectedBy!: string;
  @Moment() connectedAt!: string;
  @Text({
    max: 2000,
    optional: true,
    format: 'uri',
    summary:
      'URL to which the tool sends alerts; contains a secret and is shown only when the tool is connected',
    example: 'https://causeflow.example.com/v1/webhooks/ten_01HX9VTPQR3KF8MZWBYD5N6JCE/alertmanager/aB3',
  })
  ingestUrl?: string;
}

export class IntegrationPage {
  @ListOf(() => IntegrationView) items!: readonly IntegrationView[];
  @Text({
    max: 2048,
    nullable: true,
    summary: 'Pass it as `cursor` to get the next page; null on the last page',
  })
  nextCursor!: string | null;
}

export class IntegrationTestResult {
  @IdOf('int') integrationId!: string;
  @Flag() ok!: boolean;
  @OneOf(INTEGRATION_STATUSES) status!: IntegrationStatus;
  @Text({
    max: 2000,
    summary: 'The reason of a failure, or a confirmation; and what happened to messages that were given up',
    example: 'The other side answered.',
  })
  message!: string;
}
