import { Injectable } from '@nestjs/common';
import { SealedText } from '#kernel/crypto/sealed-text';
import { newApiKey, newWebhookSecret, sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { invalid } from '#kernel/domain/errors';
import { newId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { CreateApiKeyBody, NewApiKey } from './api-keys.dto.js';
import { secretContext } from './api-key-cache.js';

const PREFIX_LENGTH = 13;

@Injectable()
export class CreateApiKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sealed: SealedText,
    private readonly clock: Clock,
  ) {}

  /** @returns the only response that contains the key and its webhook secret */
  async execute({ tenantId, id: createdBy }: Principal, wanted: CreateApiKeyBody): Promise<NewApiKey> {
    const createdAt = this.clock.now();
    const scopes = [...new Set(wanted.scopes ?? (['webhooks:write'] as const))];
    const expiresAt = wanted.expiresAt ? new Date(wanted.expiresAt) : null;
    if (expiresAt && expiresAt <= createdAt) throw invalid('expiresAt', 'must lie in the future');

    const [keyId, plaintextKey, webhookSecret] = [newId('key'), newApiKey(), newWebhookSecret()];
    const prefix = plaintextKey.slice(0, PREFIX_LENGTH);
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO api_keys (tenant_id, key_id, name, prefix, key_hash, scopes, webhook_secret, created_by, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        tenantId, keyId, wanted.name, prefix, sha256Hex(plaintextKey), JSON.stringify(scopes),
        this.sealed.seal(webhookSecret, secretContext(tenantId, keyId)), createdBy, createdAt, expiresAt,
      ], // prettier-ignore
    );
    return {
      keyId,
      name: wanted.name,
      prefix,
      scopes,
      plaintextKey,
      webhookSecret,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
    };
  }
}
