import { newOpaqueToken, sha256Hex } from '#kernel/crypto/secrets';
import { Aggregate } from '#kernel/domain/aggregate';
import type { User } from '../accounts/user.js';
import { writeSecretToken } from './secret-tokens.js';

const LIFETIME_MS = 30 * 24 * 3600 * 1000;

/**
 * One sign-in and everything refreshed from it. Each refresh rotates the secret. A former secret proves that the token was
 * copied; since the thief cannot be told from the owner, the session ends for both.
 */
export class Session extends Aggregate {
  readonly sessionId!: string;
  readonly userId!: string;
  secretHash!: string;
  readonly credentials!: number;
  readonly version: number = 1;
  readonly createdAt!: Date;
  expiresAt!: Date;
  endedAt: Date | null = null;

  private constructor() {
    super();
  }

  static open({ tenantId, userId, credentials }: User, now: Date): Session {
    return Object.assign(new Session(), {
      tenantId,
      sessionId: newOpaqueToken(),
      userId,
      credentials,
      secretHash: '',
      createdAt: now,
    });
  }

  /** @returns the new refresh token; the former one is spent */
  renew(now: Date): string {
    const secret = newOpaqueToken();
    this.secretHash = sha256Hex(secret);
    this.expiresAt = new Date(now.getTime() + LIFETIME_MS);
    return writeSecretToken({ tenantId: this.tenantId, id: this.sessionId, secret });
  }

  /** @returns false, and ends the session, when the secret is not the current one */
  accepts(secret: string, now: Date): boolean {
    if (this.endedAt || this.expiresAt <= now) return false;
    if (this.secretHash === sha256Hex(secret)) return true;
    this.end(now);
    return false;
  }

  end(now: Date): void {
    this.endedAt ??= now;
  }
}
