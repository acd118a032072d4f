import type { TenantId } from '#kernel/domain/ids';
import type { Principal, Scope } from '#kernel/http/principal';

/** A valid API key, at most a few seconds old. */
export interface KeyHolder {
  readonly keyId: string;
  readonly tenantId: TenantId;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /**
   * The secrets that may sign this key's webhooks: the current one and former ones within their overlap. Undefined when they
   * cannot be decrypted, which matters only to requests that are signed.
   */
  readonly webhookSecrets: readonly string[] | undefined;
}

/** Looks up API keys. */
export abstract class ApiKeys {
  /** @returns undefined for a key that is unknown, revoked or expired */
  abstract holderOf(plaintextKey: string): Promise<KeyHolder | undefined>;

  /** Bypasses the cache, for example when a signature may be by a new secret. */
  abstract freshHolderOf(plaintextKey: string): Promise<KeyHolder | undefined>;

  /** Reads the cache only, without a promise; undefined also for a valid key that is not cached. */
  abstract cachedHolderOf(plaintextKey: string): KeyHolder | undefined;
}

/** Checks what callers may do beside their own requests. */
export abstract class Principals {
  /** Called repeatedly while a stream is open. @returns false at most a few seconds after the token or key was revoked, or its user deleted */
  abstract stillValid(principal: Principal): Promise<boolean>;

  /** Whether this is a user of the tenant, and an admin, right now. */
  abstract isAdmin(tenantId: TenantId, userId: string): Promise<boolean>;
}
