import { newOpaqueToken, sha256Hex } from '#kernel/crypto/secrets';
import { Aggregate } from '#kernel/domain/aggregate';
import type { User } from '../accounts/user.js';
import { writeSecretToken } from './secret-tokens.js';

const LIFE_MS = 30 * 24 * 3600 * 1000;

/**
 * One sign-in and everything refreshed from it. Each refresh changes the secret; who shows an earlier one holds a copy,
 * and since nobody can tell which of the two is the thief, the session ends for both.
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

  /** @returns the refresh token to hand out; the one before is spent from now on */
  renew(now: Date): string {
    const secret = newOpaqueToken();
    this.secretHash = sha256Hex(secret);
    this.expiresAt = new Date(now.getTime() + LIFE_MS);
    return writeSecretToken({ tenantId: this.tenantId, id: this.sessionId, secret });
  }

  /** @returns false, and ends, when the secret is not the present one */
  takes(secret: string, now: Date): boolean {
    if (this.endedAt || this.expiresAt <= now) return false;
    if (this.secretHash === sha256Hex(secret)) return true;
    this.end(now);
    return false;
  }

  end(now: Date): void {
    this.endedAt ??= now;
  }
}
