import { describe, expect, it } from '@jest/globals';
import { afterAttempt, newDelivery } from './webhook-delivery.js';

const NOW = new Date('2026-04-01T10:00:00Z');
const FRESH = newDelivery({ seq: 3, eventId: 'evt_1', event: 'incident.created' }, NOW);
const FAILED = { at: NOW, statusCode: 500, error: 'It answered 500.', retryAfterSeconds: 0 };
const SUCCEEDED = { at: NOW, statusCode: 204, error: null, retryAfterSeconds: 0 };

describe('a delivery', () => {
  it('fails after ten attempts', () => {
    let delivery = FRESH;
    for (let tries = 1; tries < 10; tries += 1) {
      delivery = afterAttempt(delivery, FAILED, 0);
      expect(delivery).toMatchObject({ status: 'pending', attempts: tries, lastStatusCode: 500 });
      expect(delivery.nextAttemptAt).not.toBeNull();
    }
    expect(afterAttempt(delivery, FAILED, 0)).toMatchObject({
      status: 'failed',
      attempts: 10,
      lastError: 'It answered 500.',
      nextAttemptAt: null,
    });
  });

  it('has succeeded after a successful attempt, whatever failed before', () => {
    expect(afterAttempt(afterAttempt(FRESH, FAILED, 0), SUCCEEDED, 0)).toMatchObject({
      deliveryId: FRESH.deliveryId,
      status: 'succeeded',
      attempts: 2,
      lastStatusCode: 204,
      lastError: null,
      nextAttemptAt: null,
    });
  });

  it('is not retried after 410 Gone', () => {
    const gone = { ...FAILED, statusCode: 410, error: 'It answered 410.' };
    expect(afterAttempt(FRESH, gone, 0)).toMatchObject({ status: 'failed', nextAttemptAt: null });
  });
});
