import { Injectable } from '@nestjs/common';
import { SealedText } from '#kernel/crypto/sealed-text';
import { newWebhookSecret } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import { type FormerSecret, retired } from '#kernel/domain/former-secrets';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { RotatedSecret } from './api-keys.dto.js';
import { ApiKeyCache, secretContext } from './api-key-cache.js';

/** Gives a key a new webhook secret. Former secrets stay valid for an overlap, so that no alert is refused meanwhile. */
@Injectable()
export class RotateSecret {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sealed: SealedText,
    private readonly keyCache: ApiKeyCache,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `quota_exceeded` */
  async execute(tenantId: TenantId, keyId: string, overlapMinutes: number): Promise<RotatedSecret> {
    const webhookSecret = newWebhookSecret();
    const now = this.clock.now();
    const until = new Date(now.getTime() + overlapMinutes * 60_000);
    await this.unitOfWork.run(tenantId, async ({ query }) => {
      const [key] = await query<KeySecrets>(LOCK_SECRETS, [tenantId, keyId]);
      if (!key) throw notFound('API key');
      const former = retired(key.webhook_secret, key.former_secrets, until, now);
      const sealed = this.sealed.seal(webhookSecret, secretContext(tenantId, keyId));
      await query(SET_SECRETS, [tenantId, keyId, sealed, JSON.stringify(former)]);
    });
    this.keyCache.evict(tenantId, keyId);
    return { keyId, webhookSecret, previousSecretExpiresAt: until.toISOString() };
  }
}

interface KeySecrets {
  readonly webhook_secret: string;
  readonly former_secrets: readonly FormerSecret[];
}

const LOCK_SECRETS = {
  text: `SELECT webhook_secret, former_secrets FROM api_keys WHERE tenant_id = $1 AND key_id = $2 FOR UPDATE`,
};
const SET_SECRETS = {
  text: `UPDATE api_keys SET webhook_secret = $3, former_secrets = $4 WHERE tenant_id = $1 AND key_id = $2`,
};
