import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId, newTenantId } from '#kernel/domain/ids';
import { type Report, WebhookSubscription, type Wish } from './webhook-subscription.js';

const NOW = new Date('2026-04-01T10:00:00Z');
const at = (hours: number): Date => new Date(NOW.getTime() + hours * 3_600_000);
const WISH: Wish = { url: 'https://a.example', events: ['*'], description: null, enabled: true };

let subscription: WebhookSubscription;
beforeEach(() => {
  const ids = { tenantId: newTenantId(), subscriptionId: newId('whs') };
  subscription = WebhookSubscription.create(ids, WISH, 'first', 'user_1', 7, NOW);
});

const attempt = (hours: number, statusCode: number) => ({
  at: at(hours),
  statusCode,
  error: statusCode === 200 ? null : 'It failed.',
  retryAfterSeconds: 0,
});
const report = (attempts: Report['attempts'], more: Partial<Report> = {}): void =>
  subscription.comeBack({ url: WISH.url, place: subscription.place, nextRetryAt: null, attempts, ...more });

describe('the courier of a subscription', () => {
  it('goes alone, until he is back or has been out for too long', () => {
    expect(subscription.sendOut('one', NOW)).toBe(true);
    expect(subscription.sendOut('two', NOW)).toBe(false);
    expect(subscription.sendOut('two', new Date(NOW.getTime() + 30_000))).toBe(true);
    expect([subscription.expects('one'), subscription.expects('two')]).toEqual([false, true]);
    report([], { place: 9 });
    expect(subscription.place).toBe(9);
    expect(subscription.expects('two')).toBe(false);
    expect(subscription.sendOut('three', NOW)).toBe(true);
  });

  it('does not go for one that is disabled', () => {
    subscription.change({ ...WISH, enabled: false }, 8, NOW);
    expect(subscription.disabledReason).toBe('requested');
    expect(subscription.sendOut('one', NOW)).toBe(false);
  });

  it('brings nobody back to where he began, who was enabled anew meanwhile', () => {
    subscription.sendOut('one', NOW);
    subscription.change({ ...WISH, enabled: false }, 20, NOW);
    subscription.change(WISH, 30, NOW);
    report([], { place: 12 });
    expect(subscription.place).toBe(30);
    expect(subscription.disabledReason).toBeNull();
  });

  it('is sent again for whatever is to be tried first', () => {
    report([], { nextRetryAt: at(2) });
    subscription.retryBy(at(3));
    expect(subscription.nextRetryAt).toEqual(at(2));
    subscription.retryBy(at(1));
    expect(subscription.nextRetryAt).toEqual(at(1));
  });
});

describe('a subscription whose address fails', () => {
  it('is disabled by 410 Gone', () => {
    report([attempt(0, 500), attempt(0, 410)]);
    expect(subscription).toMatchObject({ enabled: false, disabledReason: 'gone' });
  });

  it('is disabled after five days of it', () => {
    for (let hours = 0; hours < 120; hours += 12) report([attempt(hours, 500)]);
    expect(subscription).toMatchObject({ enabled: true, failingSince: NOW });
    report([attempt(120, 500)]);
    expect(subscription).toMatchObject({ enabled: false, disabledReason: 'failing' });
    subscription.change(WISH, 8, at(121));
    expect(subscription).toMatchObject({ enabled: true, disabledReason: null, failingSince: null });
  });

  it('is not when something succeeded in between', () => {
    for (let hours = 0; hours <= 240; hours += 12) report([attempt(hours, hours === 60 ? 200 : 500)]);
    expect(subscription.disabledReason).toBe('failing');
    expect(subscription.failingSince).toEqual(at(72));
  });

  it('is not by two failures with days of silence between them', () => {
    report([attempt(0, 500)]);
    report([attempt(400, 500)]);
    expect(subscription).toMatchObject({ enabled: true, failingSince: at(400) });
  });

  it('is not by what an address did that it has no more', () => {
    subscription.change({ ...WISH, url: 'https://b.example' }, 8, NOW);
    report([attempt(0, 410)]);
    expect(subscription).toMatchObject({ enabled: true, failingSince: null });
  });
});

describe('the secrets of a subscription', () => {
  it('are several while one takes over from the other', () => {
    expect(subscription.sealedSecretsAt(NOW)).toEqual(['first']);
    subscription.rotateSecret('second', at(1), NOW);
    expect(subscription.sealedSecretsAt(NOW)).toEqual(['second', 'first']);
    subscription.rotateSecret('third', at(2), NOW);
    expect(subscription.sealedSecretsAt(NOW)).toEqual(['third', 'second', 'first']);
    expect(subscription.sealedSecretsAt(at(1))).toEqual(['third', 'second']);
    expect(subscription.sealedSecretsAt(at(2))).toEqual(['third']);
  });
});
