import type { TenantId } from '#kernel/domain/ids';

/** A live API key, as of at most a few seconds ago. */
export interface KeyHolder {
  readonly keyId: string;
  readonly tenantId: TenantId;
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
  /** The secrets that may sign this key's webhooks: the present one and, while a rotation overlaps, the one before. */
  readonly webhookSecrets: readonly string[];
}

/** Answers whose API key a caller shows. */
export abstract class ApiKeys {
  /** @returns undefined for a key that is unknown, revoked or expired */
  abstract holderOf(plaintextKey: string): Promise<KeyHolder | undefined>;
}
