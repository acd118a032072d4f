import { Injectable } from '@nestjs/common';
import { Clock } from '../domain/clock.js';
import { FrequentRefusal } from '../domain/errors.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';

export const WINDOW_MS = 60_000;
/** The share of a limit that a replica leases from the shared count at a time. Limits may be off by a tenth at most. */
const LEASE_SHARE = 0.05;

export interface Allowance {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Unix seconds at which the window ends. */
  readonly reset: number;
  /** Seconds until then, at least 1, for a call that is not allowed; otherwise 0. */
  readonly retryAfter: number;
}

const UNLIMITED: Allowance = { allowed: true, limit: 0, remaining: 0, reset: 0, retryAfter: 0 };

interface Bucket {
  window: number;
  /** Calls that this replica may still allow without another lease. */
  leased: number;
  /** The count of all replicas at the last lease. */
  taken: number;
  lease: Promise<void> | undefined;
}

/** Counts calls per bucket and minute over all replicas, with one round trip to PostgreSQL per lease instead of per call. */
@Injectable()
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();
  private sweptWindow = 0;

  constructor(
    private readonly clock: Clock,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Takes one call from the bucket. A `limit` of 0 means no limit. */
  async take(name: string, limit: number): Promise<Allowance> {
    if (limit === 0) return UNLIMITED;
    const bucket = this.bucket(name);
    while (bucket.leased < 1 && bucket.taken < limit) {
      await (bucket.lease ??= this.lease(name, bucket, limit).finally(() => (bucket.lease = undefined)));
    }
    const allowed = bucket.leased >= 1;
    if (allowed) bucket.leased -= 1;
    return this.allowance(bucket, limit, allowed);
  }

  /** The same synchronously; undefined when this replica needs another lease. */
  takeNow(name: string, limit: number): Allowance | undefined {
    if (limit === 0) return UNLIMITED;
    const bucket = this.bucket(name);
    if (bucket.leased < 1) return undefined;
    bucket.leased -= 1;
    return this.allowance(bucket, limit, true);
  }

  /** Whether the bucket has a call left, as far as this replica knows. Takes none. */
  peek(name: string, limit: number): Allowance {
    if (limit === 0) return UNLIMITED;
    const bucket = this.bucket(name);
    return this.allowance(bucket, limit, bucket.leased >= 1 || bucket.taken < limit);
  }

  private bucket(name: string): Bucket {
    const window = Math.floor(this.clock.now().getTime() / WINDOW_MS);
    this.sweep(window);
    let bucket = this.buckets.get(name);
    if (bucket?.window !== window) {
      bucket = { window, leased: 0, taken: 0, lease: undefined };
      this.buckets.set(name, bucket);
    }
    return bucket;
  }

  private async lease(name: string, bucket: Bucket, limit: number): Promise<void> {
    const wanted = Math.max(1, Math.floor(limit * LEASE_SHARE));
    const [row] = await this.unitOfWork.lookUp<{ taken: string }>(
      `INSERT INTO rate_windows AS r (bucket, minute, taken) VALUES ($1, $2, $3)
       ON CONFLICT (bucket, minute) DO UPDATE SET taken = r.taken + excluded.taken RETURNING taken`,
      [name, bucket.window, wanted],
    );
    bucket.taken = Number(row?.taken ?? limit);
    bucket.leased += Math.min(wanted, Math.max(0, limit - (bucket.taken - wanted)));
  }

  private allowance(bucket: Bucket, limit: number, allowed: boolean): Allowance {
    const remaining = Math.max(0, limit - Math.min(bucket.taken, limit) + bucket.leased);
    const reset = ((bucket.window + 1) * WINDOW_MS) / 1000;
    const retryAfter = allowed ? 0 : Math.max(1, Math.ceil(reset - this.clock.now().getTime() / 1000));
    return { allowed, limit, remaining, reset, retryAfter };
  }

  private sweep(window: number): void {
    if (window === this.sweptWindow) return;
    this.sweptWindow = window;
    for (const [name, bucket] of this.buckets) if (bucket.window < window) this.buckets.delete(name);
    // Old counts are not used any more. If this fails, the next sweep, a minute later, deletes them.
    void this.unitOfWork
      .lookUp('DELETE FROM rate_windows WHERE minute < $1', [window - 5])
      .catch(() => undefined);
  }
}

/** A response, reduced to its headers. */
export interface HeaderWriter {
  setHeader(name: string, value: string | number): unknown;
}

/**
 * Sets the rate-limit headers.
 * @throws Refusal `rate_limit_exceeded` when the call is not allowed
 */
export function enforceAllowance(
  answer: HeaderWriter,
  { allowed, limit, remaining, reset, retryAfter }: Allowance,
): void {
  if (limit === 0) return;
  answer.setHeader('X-RateLimit-Limit', limit);
  answer.setHeader('X-RateLimit-Remaining', remaining);
  answer.setHeader('X-RateLimit-Reset', reset);
  if (allowed) return;
  throw new FrequentRefusal('rate_limit_exceeded', `Too many requests; try again in ${retryAfter} s.`, {
    retryAfter,
  });
}
