import { IdOf, ListOf, Moment, Text, Texts, Whole } from '#kernel/http/fields';
import { API_KEY_SCOPES, type Scope } from '#kernel/http/principal';

export class CreateApiKeyBody {
  @Text({ max: 200, example: 'Alertmanager' }) name!: string;
  @Texts({
    values: API_KEY_SCOPES,
    min: 1,
    max: API_KEY_SCOPES.length,
    optional: true,
    summary: 'Only `webhooks:write` when omitted',
  })
  scopes?: Scope[];
  @Moment({
    optional: true,
    nullable: true,
    summary: 'Never expires when omitted',
    example: '2099-03-01T12:00:00.000Z',
  })
  expiresAt?: string | null;
}

export class RotateSecretBody {
  @Whole({ max: 10_080, optional: true, default: 60, summary: 'How long the current secret stays valid' })
  overlapMinutes: number = 60;
}

class ApiKeyIdentity {
  @IdOf('key') keyId!: string;
  @Text({ max: 200, example: 'Alertmanager' }) name!: string;
  @Text({ max: 20, summary: 'The first characters of the key', example: 'cflo_3f9a1c02' }) prefix!: string;
  @Texts({ values: API_KEY_SCOPES }) scopes!: readonly Scope[];
  @Moment() createdAt!: string;
  @Moment({ nullable: true }) expiresAt!: string | null;
}

export class NewApiKey extends ApiKeyIdentity {
  @Text({ max: 69, summary: 'The key itself; shown only once', example: 'cflo_3f9a1c02…' })
  plaintextKey!: string;
  @Text({ max: 64, summary: 'Signs webhooks; shown only once', example: '7d41b8…' })
  webhookSecret!: string;
}

export class ApiKeyView extends ApiKeyIdentity {
  @Moment({ nullable: true, summary: 'To the minute; null when never used' })
  lastUsedAt!: string | null;
}

export class ApiKeyPage {
  @ListOf(() => ApiKeyView) items!: readonly ApiKeyView[];
  @Text({ max: 2048, nullable: true, summary: 'Pass it as `cursor` for the next page; null on the last one' })
  nextCursor!: string | null;
}

export class RotatedSecret {
  @IdOf('key') keyId!: string;
  @Text({ max: 64, summary: 'Signs webhooks; shown only once', example: '7d41b8…' })
  webhookSecret!: string;
  @Moment({ summary: 'Until then the former secret is valid, too' }) previousSecretExpiresAt!: string;
}
