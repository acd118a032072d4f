import { Injectable } from '@nestjs/common';
import { SealedText } from '#kernel/crypto/sealed-text';
import { newWebhookSecret } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { RotatedSecret } from './api-keys.dto.js';
import { LiveKeys, secretPlace } from './live-keys.js';

/** Gives a key a new webhook secret. The one before stays good for a while, so that no alert is refused meanwhile. */
@Injectable()
export class RotateSecret {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sealed: SealedText,
    private readonly liveKeys: LiveKeys,
    private readonly clock: Clock,
  ) {}

  async execute(tenantId: TenantId, keyId: string, overlapMinutes: number): Promise<RotatedSecret> {
    const webhookSecret = newWebhookSecret();
    const until = new Date(this.clock.now().getTime() + overlapMinutes * 60_000);
    const rotated = await this.unitOfWork.query(
      tenantId,
      `UPDATE api_keys SET webhook_secret = $3, previous_secret = webhook_secret, previous_secret_until = $4
        WHERE tenant_id = $1 AND key_id = $2 RETURNING key_id`,
      [tenantId, keyId, this.sealed.seal(webhookSecret, secretPlace(tenantId, keyId)), until],
    );
    if (rotated.length === 0) throw notFound('API key');
    this.liveKeys.changed(tenantId, keyId);
    return { keyId, webhookSecret, previousSecretExpiresAt: until.toISOString() };
  }
}
