import { describe, expect, it } from '@jest/globals';
import { attempted, newDelivery } from './webhook-delivery.js';

const NOW = new Date('2026-04-01T10:00:00Z');
const FRESH = newDelivery({ seq: 3, eventId: 'evt_1', event: 'incident.created' }, NOW);
const FAILED = { at: NOW, statusCode: 500, error: 'It answered 500.', retryAfterSeconds: 0 };
const SUCCEEDED = { at: NOW, statusCode: 204, error: null, retryAfterSeconds: 0 };

describe('a delivery', () => {
  it('is tried ten times and then has failed', () => {
    let delivery = FRESH;
    for (let tries = 1; tries < 10; tries += 1) {
      delivery = attempted(delivery, FAILED, 0);
      expect(delivery).toMatchObject({ status: 'pending', attempts: tries, lastStatusCode: 500 });
      expect(delivery.nextAttemptAt).not.toBeNull();
    }
    expect(attempted(delivery, FAILED, 0)).toMatchObject({
      status: 'failed',
      attempts: 10,
      lastError: 'It answered 500.',
      nextAttemptAt: null,
    });
  });

  it('is done when it succeeds, and what went wrong before is over', () => {
    expect(attempted(attempted(FRESH, FAILED, 0), SUCCEEDED, 0)).toMatchObject({
      deliveryId: FRESH.deliveryId,
      status: 'succeeded',
      attempts: 2,
      lastStatusCode: 204,
      lastError: null,
      nextAttemptAt: null,
    });
  });

  it('is not tried again after 410 Gone', () => {
    const gone = { ...FAILED, statusCode: 410, error: 'It answered 410.' };
    expect(attempted(FRESH, gone, 0)).toMatchObject({ status: 'failed', nextAttemptAt: null });
  });
});
