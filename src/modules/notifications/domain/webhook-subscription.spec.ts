import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, newTenantId } from '#kernel/domain/ids';
import { type BatchReport, type SubscriptionSettings, WebhookSubscription } from './webhook-subscription.js';

const NOW = new Date('2026-04-01T10:00:00Z');
const at = (hours: number): Date => new Date(NOW.getTime() + hours * 3_600_000);
const SETTINGS: SubscriptionSettings = {
  url: 'https://a.example',
  events: ['*'],
  description: null,
  enabled: true,
};

let subscription: WebhookSubscription;
beforeEach(() => {
  const ids = { tenantId: newTenantId(), subscriptionId: newId('whs') };
  subscription = WebhookSubscription.create(ids, SETTINGS, 'first', 'user_1', 7, NOW);
});

const attempt = (hours: number, statusCode: number) => ({
  at: at(hours),
  statusCode,
  error: statusCode === 200 ? null : 'It failed.',
  retryAfterSeconds: 0,
});
const report = (attempts: BatchReport['attempts'], more: Partial<BatchReport> = {}): void =>
  subscription.complete({
    url: SETTINGS.url,
    position: subscription.position,
    nextRetryAt: null,
    attempts,
    ...more,
  });

describe('the lease of a subscription', () => {
  it('is held by one worker, until it completes its batch or the lease expires', () => {
    expect(subscription.lease('one', NOW)).toBe(true);
    expect(subscription.lease('two', NOW)).toBe(false);
    expect(subscription.lease('two', new Date(NOW.getTime() + 30_000))).toBe(true);
    expect([subscription.isLeasedTo('one'), subscription.isLeasedTo('two')]).toEqual([false, true]);
    report([], { position: 9 });
    expect(subscription.position).toBe(9);
    expect(subscription.isLeasedTo('two')).toBe(false);
    expect(subscription.lease('three', NOW)).toBe(true);
  });

  it('is refused while the subscription is disabled', () => {
    subscription.change({ ...SETTINGS, enabled: false }, 8, NOW);
    expect(subscription.disabledReason).toBe('requested');
    expect(subscription.lease('one', NOW)).toBe(false);
  });

  it('does not move back a subscription that was enabled again meanwhile', () => {
    subscription.lease('one', NOW);
    subscription.change({ ...SETTINGS, enabled: false }, 20, NOW);
    subscription.change(SETTINGS, 30, NOW);
    report([], { position: 12 });
    expect(subscription.position).toBe(30);
    expect(subscription.disabledReason).toBeNull();
  });

  it('leaves the earliest retry due', () => {
    report([], { nextRetryAt: at(2) });
    subscription.retryBy(at(3));
    expect(subscription.nextRetryAt).toEqual(at(2));
    subscription.retryBy(at(1));
    expect(subscription.nextRetryAt).toEqual(at(1));
  });
});

describe('a subscription whose receiver fails', () => {
  it('is disabled by 410 Gone', () => {
    report([attempt(0, 500), attempt(0, 410)]);
    expect(subscription).toMatchObject({ enabled: false, disabledReason: 'gone' });
  });

  it('is disabled after five days of failures', () => {
    for (let hours = 0; hours < 120; hours += 12) report([attempt(hours, 500)]);
    expect(subscription).toMatchObject({ enabled: true, failingSince: NOW });
    report([attempt(120, 500)]);
    expect(subscription).toMatchObject({ enabled: false, disabledReason: 'failing', updatedAt: at(120) });
    subscription.change(SETTINGS, 8, at(121));
    expect(subscription).toMatchObject({ enabled: true, disabledReason: null, failingSince: null });
  });

  it('stays enabled when an attempt succeeds in between', () => {
    for (let hours = 0; hours <= 240; hours += 12) report([attempt(hours, hours === 60 ? 200 : 500)]);
    expect(subscription.disabledReason).toBe('failing');
    expect(subscription.failingSince).toEqual(at(72));
  });

  it('stays enabled after two failures with days between them', () => {
    report([attempt(0, 500)]);
    report([attempt(400, 500)]);
    expect(subscription).toMatchObject({ enabled: true, failingSince: at(400) });
  });

  it('ignores failures of a former URL', () => {
    subscription.change({ ...SETTINGS, url: 'https://b.example' }, 8, NOW);
    report([attempt(0, 410)]);
    expect(subscription).toMatchObject({ enabled: true, failingSince: null });
  });
});

describe('the secrets of a subscription', () => {
  it('overlap while they are rotated', () => {
    expect(subscription.sealedSecretsAt(NOW)).toEqual(['first']);
    subscription.rotateSecret('second', at(1), NOW);
    expect(subscription.sealedSecretsAt(NOW)).toEqual(['second', 'first']);
    subscription.rotateSecret('third', at(2), NOW);
    expect(subscription.sealedSecretsAt(NOW)).toEqual(['third', 'second', 'first']);
    expect(subscription.sealedSecretsAt(at(1))).toEqual(['third', 'second']);
    expect(subscription.sealedSecretsAt(at(2))).toEqual(['third']);
  });
});
