import { Aggregate } from '#kernel/domain/aggregate';
import { type FormerSecret, goodSecrets, retired } from '#kernel/domain/former-secrets';
import type { TenantId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { type Attempt, isGone } from './webhook-delivery.js';

/** For how long a courier may be out: longer than any of them is, and shorter than interrupted work may lie. */
const COURIER_MS = 30_000;
const HOUR_MS = 3_600_000;
/** After so much failure nobody is expected to come back. */
const MOST_FAILURE_MS = 5 * 24 * HOUR_MS;
/** Failures further apart than any two of one delivery are no stretch: between them nothing was tried. */
const LONGEST_GAP_MS = 48 * HOUR_MS;

export const DISABLED_REASONS = words('DisabledReason', ['requested', 'gone', 'failing']);
export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** What a person decides about a subscription. */
export interface Wish {
  readonly url: string;
  /** Names and wildcards, already checked. */
  readonly events: readonly string[];
  readonly description: string | null;
  readonly enabled: boolean;
}

/** What a courier brings back. */
export interface Report {
  /** The address that was called. */
  readonly url: string;
  /** The place in the tenant's log up to which all that was wanted has been tried once. */
  readonly place: number;
  /** In their order. */
  readonly attempts: readonly Attempt[];
  /** When the next delivery is to be tried again. */
  readonly nextRetryAt: Date | null;
}

/**
 * An address that is sent events: a reader of the tenant's log, with a place of its own, whom we call instead of being
 * called. What lies before its place has been tried at least once. One courier at a time is on the way for it, so the order
 * of first attempts is that of the log.
 */
export class WebhookSubscription extends Aggregate implements Wish {
  readonly subscriptionId!: string;
  url!: string;
  events!: readonly string[];
  description!: string | null;
  enabled!: boolean;
  disabledReason!: DisabledReason | null;
  sealedSecret!: string;
  /** Those before, each of which signs as well for a while. */
  formerSecrets!: readonly FormerSecret[];
  place!: number;
  nextRetryAt!: Date | null;
  /** The first of the failures since which nothing has succeeded, and the last. */
  failingSince!: Date | null;
  failedAt!: Date | null;
  courier!: string | null;
  courierUntil!: Date | null;
  readonly createdBy!: string;
  readonly createdAt!: Date;
  updatedAt!: Date;

  private constructor() {
    super();
  }

  /** @param head the place of the newest event in the tenant's log: it is sent what comes after */
  static create(
    { tenantId, subscriptionId }: { tenantId: TenantId; subscriptionId: string },
    wish: Omit<Wish, 'enabled'>,
    sealedSecret: string,
    createdBy: string,
    head: number,
    now: Date,
  ): WebhookSubscription {
    return Object.assign(new WebhookSubscription(), wish, {
      tenantId,
      subscriptionId,
      enabled: true,
      disabledReason: null,
      sealedSecret,
      formerSecrets: [],
      place: head,
      nextRetryAt: null,
      failingSince: null,
      failedAt: null,
      courier: null,
      courierUntil: null,
      createdBy,
      createdAt: now,
      updatedAt: now,
    });
  }

  /** One that is enabled again is sent what comes after `head`; what waits to be tried again is tried as well. */
  change(wish: Wish, head: number, now: Date): void {
    const isEnabledAnew = wish.enabled && !this.enabled;
    if (isEnabledAnew) this.place = head;
    if (isEnabledAnew || wish.url !== this.url) this.failingSince = this.failedAt = null;
    if (wish.enabled !== this.enabled) this.disabledReason = wish.enabled ? null : 'requested';
    Object.assign(this, wish, { updatedAt: now });
  }

  /** @throws Refusal `quota_exceeded` */
  rotateSecret(sealedSecret: string, until: Date, now: Date): void {
    this.formerSecrets = retired(this.sealedSecret, this.formerSecrets, until, now);
    this.sealedSecret = sealedSecret;
    this.updatedAt = now;
  }

  /** The secrets that sign now, the newest first. */
  sealedSecretsAt(now: Date): string[] {
    return goodSecrets(this.sealedSecret, this.formerSecrets, now);
  }

  /** @returns whether this courier may go: not while another one is out, who is waited for only so long */
  sendOut(courier: string, now: Date): boolean {
    if (!this.enabled || (this.courierUntil !== null && this.courierUntil > now)) return false;
    this.courier = courier;
    this.courierUntil = new Date(now.getTime() + COURIER_MS);
    return true;
  }

  /** Whether this is the courier who was sent last. What another one brings is not counted: it will be tried again. */
  expects(courier: string): boolean {
    return this.courier === courier;
  }

  comeBack({ url, place, attempts, nextRetryAt }: Report): void {
    this.courier = this.courierUntil = null;
    // Enabled anew meanwhile, it is further on.
    this.place = Math.max(this.place, place);
    this.nextRetryAt = nextRetryAt;
    // What an address did that is not called any more says nothing about this one.
    if (url === this.url) for (const attempt of attempts) this.judge(attempt);
  }

  /** A delivery is to be tried again. */
  retryBy(moment: Date): void {
    if (this.nextRetryAt === null || this.nextRetryAt > moment) this.nextRetryAt = moment;
  }

  private judge(attempt: Attempt): void {
    const { at, error } = attempt;
    if (error === null) {
      this.failingSince = this.failedAt = null;
      return;
    }
    const isGap = this.failedAt === null || at.getTime() - this.failedAt.getTime() > LONGEST_GAP_MS;
    const since = isGap || this.failingSince === null ? at : this.failingSince;
    this.failingSince = since;
    this.failedAt = at;
    if (isGone(attempt)) this.disable('gone');
    else if (at.getTime() - since.getTime() >= MOST_FAILURE_MS) this.disable('failing');
  }

  private disable(reason: DisabledReason): void {
    if (!this.enabled) return;
    this.enabled = false;
    this.disabledReason = reason;
  }
}
