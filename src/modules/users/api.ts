import type { TenantId } from '#kernel/domain/ids';
import type { Principal, Scope } from '#kernel/http/principal';

/** A live API key, as of at most a few seconds ago. */
export interface KeyHolder {
  readonly keyId: string;
  readonly tenantId: TenantId;
  readonly scopes: readonly Scope[];
  readonly expiresAt: Date | null;
  /**
   * The secrets that may sign this key's webhooks: the present one and those before it whose overlap has not ended.
   * Undefined when they cannot be read, which is nothing to whoever signs nothing.
   */
  readonly webhookSecrets: readonly string[] | undefined;
}

/** Answers whose API key a caller shows. */
export abstract class ApiKeys {
  /** @returns undefined for a key that is unknown, revoked or expired */
  abstract holderOf(plaintextKey: string): Promise<KeyHolder | undefined>;

  /** As of now: for who shows what the holder that is remembered cannot know yet, such as a signature by a new secret. */
  abstract freshHolderOf(plaintextKey: string): Promise<KeyHolder | undefined>;

  /** The same at once and as of at most a few seconds ago; undefined also for a key that nobody asked for lately. */
  abstract knownHolderOf(plaintextKey: string): KeyHolder | undefined;
}

/** Answers whether somebody who was let in may stay: asked again and again while a stream is open. */
export abstract class Principals {
  /** @returns false from at most a few seconds after the token or key was revoked, and its user or key deleted */
  abstract stillValid(principal: Principal): Promise<boolean>;
}
