import { ArrayMinSize, Matches } from 'class-validator';
import { ListOf, Text } from '#kernel/http/fields';
import { WebAddress } from '../web-address.js';

export const DEFAULT_URL = 'https://api.github.com';

export class GithubRepository {
  @Text({ max: 140, summary: 'owner/name', example: 'acme/checkout' })
  @Matches(/^[\w-]+\/[\w.-]+$/, { message: 'repository must be owner/name' })
  repository!: string;

  @Text({
    max: 200,
    optional: true,
    summary: 'The service of the repository; default: its name',
    example: 'checkout',
  })
  service?: string;
}

export class GithubConfig {
  @WebAddress({
    optional: true,
    default: DEFAULT_URL,
    summary: 'Of GitHub Enterprise Server: https://github.example.com/api/v3',
    example: DEFAULT_URL,
  })
  url?: string;

  @ListOf(() => GithubRepository, { max: 20, summary: 'The repositories of your services' })
  @ArrayMinSize(1)
  repositories!: GithubRepository[];
}

export class GithubCredentials {
  @Text({
    max: 400,
    format: 'password',
    summary: 'A fine-grained token that may read contents, deployments and actions',
    example: '…',
  })
  @Matches(/^[\x21-\x7e]+$/, { message: 'token must be printable ASCII' })
  token!: string;

  @Text({
    max: 4000,
    optional: true,
    format: 'password',
    summary: 'The secret that signs webhook bodies. Once it is set, unsigned bodies are rejected',
    example: '…',
  })
  webhookSecret?: string;
}
