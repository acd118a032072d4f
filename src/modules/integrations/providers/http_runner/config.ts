import { ArrayMinSize, ArrayUnique, Matches } from 'class-validator';
import { Text, Texts, Whole } from '#kernel/http/fields';
import { WebhookUrl } from '#kernel/http/webhook-fields';

export const DEFAULT_TIMEOUT_SECONDS = 30;

export class HttpRunnerConfig {
  @WebhookUrl({ summary: 'Where steps are sent by POST', example: 'https://runner.example.com/steps' })
  url!: string;

  @Texts({
    max: 100,
    maxLength: 100,
    summary: 'The actions it can carry out, by name',
    example: ['rollback_deployment'],
  })
  @ArrayMinSize(1)
  @ArrayUnique()
  @Matches(/^[\w.:-]+$/, {
    each: true,
    message: 'actions must be names of letters, digits, and any of _ . : -',
  })
  actions!: string[];

  @Whole({
    min: 1,
    max: 300,
    optional: true,
    default: DEFAULT_TIMEOUT_SECONDS,
    summary: 'How long a step may take to answer',
  })
  timeoutSeconds?: number;
}

export class HttpRunnerCredentials {
  @Text({
    max: 200,
    format: 'password',
    summary: 'A Standard Webhooks secret: whsec_ and the base64 of 24 to 64 random bytes',
    example: 'whsec_…',
  })
  @Matches(/^whsec_(?:[A-Za-z0-9+/]{4}){2,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, {
    message: 'secret must be whsec_ and base64',
  })
  secret!: string;
}
