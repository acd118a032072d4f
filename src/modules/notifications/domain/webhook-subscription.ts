import { Aggregate } from '#kernel/domain/aggregate';
import { type FormerSecret, goodSecrets, retired } from '#kernel/domain/former-secrets';
import type { TenantId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { type Attempt, isGone } from './webhook-delivery.js';

/** Longer than any batch takes, and short enough that a crash delays the subscription only a little. */
const LEASE_MS = 30_000;
const HOUR_MS = 3_600_000;
/** A receiver that has failed for this long is not expected to recover. */
const MAX_FAILURE_MS = 5 * 24 * HOUR_MS;
/** Longer than any retry delay. Failures further apart do not count as continuous: nothing was attempted in between. */
const MAX_GAP_MS = 48 * HOUR_MS;

export const DISABLED_REASONS = words('DisabledReason', ['requested', 'gone', 'failing']);
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** What users configure. */
export interface SubscriptionSettings {
  readonly url: string;
  /** Event names and wildcards, already validated. */
  readonly events: readonly string[];
  readonly description: string | null;
  readonly enabled: boolean;
}

/** The outcome of a batch. */
export interface BatchReport {
  /** The URL that was called. */
  readonly url: string;
  /** The position in the tenant's log up to which every wanted event has been attempted. */
  readonly position: number;
  /** In the order they were made. */
  readonly attempts: readonly Attempt[];
  /** When the next retry of any delivery is due. */
  readonly nextRetryAt: Date | null;
}

/**
 * A URL that is sent a tenant's events. It is a consumer of the log with a position of its own: every wanted event up to
 * there has been attempted at least once. One worker at a time holds its lease, so first attempts are in the order of the log.
 */
export class WebhookSubscription extends Aggregate implements SubscriptionSettings {
  readonly subscriptionId!: string;
  url!: string;
  events!: readonly string[];
  description!: string | null;
  enabled!: boolean;
  disabledReason!: DisabledReason | null;
  sealedSecret!: string;
  /** Former secrets that still sign, each until its overlap ends. */
  formerSecrets!: readonly FormerSecret[];
  position!: number;
  nextRetryAt!: Date | null;
  /** The first and the last failure since the last success. */
  failingSince!: Date | null;
  failedAt!: Date | null;
  workerId!: string | null;
  leaseExpiresAt!: Date | null;
  readonly createdBy!: string;
  readonly createdAt!: Date;
  updatedAt!: Date;

  private constructor() {
    super();
  }

  /** @param head the position of the newest event in the tenant's log: only later events are sent */
  static create(
    { tenantId, subscriptionId }: { tenantId: TenantId; subscriptionId: string },
    settings: Omit<SubscriptionSettings, 'enabled'>,
    sealedSecret: string,
    createdBy: string,
    head: number,
    now: Date,
  ): WebhookSubscription {
    return Object.assign(new WebhookSubscription(), settings, {
      tenantId,
      subscriptionId,
      enabled: true,
      disabledReason: null,
      sealedSecret,
      formerSecrets: [],
      position: head,
      nextRetryAt: null,
      failingSince: null,
      failedAt: null,
      workerId: null,
      leaseExpiresAt: null,
      createdBy,
      createdAt: now,
      updatedAt: now,
    });
  }

  /** Enabled again, it is sent the events after `head`, and its pending retries. */
  change(settings: SubscriptionSettings, head: number, now: Date): void {
    const isReenabled = settings.enabled && !this.enabled;
    if (isReenabled) this.position = head;
    if (isReenabled || settings.url !== this.url) this.failingSince = this.failedAt = null;
    if (settings.enabled !== this.enabled) this.disabledReason = settings.enabled ? null : 'requested';
    Object.assign(this, settings, { updatedAt: now });
  }

  /** @throws Refusal `quota_exceeded` */
  rotateSecret(sealedSecret: string, until: Date, now: Date): void {
    this.formerSecrets = retired(this.sealedSecret, this.formerSecrets, until, now);
    this.sealedSecret = sealedSecret;
    this.updatedAt = now;
  }

  /** The secrets that sign now, newest first. */
  sealedSecretsAt(now: Date): string[] {
    return goodSecrets(this.sealedSecret, this.formerSecrets, now);
  }

  /** @returns false while it is disabled, or another worker holds an unexpired lease */
  lease(workerId: string, now: Date): boolean {
    if (!this.enabled || (this.leaseExpiresAt !== null && this.leaseExpiresAt > now)) return false;
    this.workerId = workerId;
    this.leaseExpiresAt = new Date(now.getTime() + LEASE_MS);
    return true;
  }

  /** A worker whose lease was taken over must not record its batch: the other worker sends it again. */
  isLeasedTo(workerId: string): boolean {
    return this.workerId === workerId;
  }

  /** Records a batch and releases the lease. */
  complete({ url, position, attempts, nextRetryAt }: BatchReport): void {
    this.workerId = this.leaseExpiresAt = null;
    // Enabled again meanwhile, it is further ahead.
    this.position = Math.max(this.position, position);
    this.nextRetryAt = nextRetryAt;
    // Attempts at a former URL say nothing about the present one.
    if (url === this.url) for (const attempt of attempts) this.trackHealth(attempt);
  }

  /** A retry has become due at `dueAt`. */
  retryBy(dueAt: Date): void {
    if (this.nextRetryAt === null || this.nextRetryAt > dueAt) this.nextRetryAt = dueAt;
  }

  private trackHealth(attempt: Attempt): void {
    const { at, error } = attempt;
    if (error === null) {
      this.failingSince = this.failedAt = null;
      return;
    }
    const isGap = this.failedAt === null || at.getTime() - this.failedAt.getTime() > MAX_GAP_MS;
    const since = isGap || this.failingSince === null ? at : this.failingSince;
    this.failingSince = since;
    this.failedAt = at;
    if (isGone(attempt)) this.disable('gone', at);
    else if (at.getTime() - since.getTime() >= MAX_FAILURE_MS) this.disable('failing', at);
  }

  private disable(reason: DisabledReason, at: Date): void {
    if (!this.enabled) return;
    this.enabled = false;
    this.disabledReason = reason;
    this.updatedAt = at;
  }
}
