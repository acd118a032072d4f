import { ArrayMinSize, ArrayUnique, Matches } from 'class-validator';
import { Text, Texts } from '#kernel/http/fields';
import { WebAddress } from '../web-address.js';

export class KubernetesConfig {
  @WebAddress({ summary: 'URL of the API server', example: 'https://cluster.example.com:6443' })
  url!: string;

  @Texts({ max: 20, maxLength: 63, summary: 'The namespaces to read', example: ['shop'] })
  @ArrayMinSize(1)
  @ArrayUnique()
  @Matches(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, {
    each: true,
    message: 'namespaces must be names of namespaces',
  })
  namespaces!: string[];

  @Text({ max: 20_000, optional: true, summary: 'PEM of the certificate authority' })
  caCertificate?: string;
}

export class KubernetesCredentials {
  @Text({
    max: 10_000,
    format: 'password',
    summary: 'Token of a service account that may read',
    example: '…',
  })
  @Matches(/^[\x21-\x7e]+$/, { message: 'token must be printable ASCII' })
  token!: string;

  @Text({
    max: 4000,
    optional: true,
    format: 'password',
    summary: 'The bearer token of webhooks. Once it is set, bodies without it are rejected',
    example: '…',
  })
  webhookToken?: string;
}
