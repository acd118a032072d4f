import { describe, expect, it } from '@jest/globals';
import { newDelivery } from '../../domain/webhook-delivery.js';
import { inDueOrder } from './deliver-webhooks.js';

const item = (seq: number, dueSince: number, isNew: boolean) => ({
  delivery: newDelivery({ seq, eventId: `evt_${seq}`, event: 'incident.created' }, new Date(0)),
  event: undefined,
  dueSince,
  isNew,
});
const order = (newEvents: readonly [number, number][], retries: readonly [number, number][]): number[] =>
  inDueOrder({
    newEvents: newEvents.map(([seq, dueSince]) => item(seq, dueSince, true)),
    upTo: 0,
    retries: retries.map(([seq, dueSince]) => item(seq, dueSince, false)),
  }).map(({ delivery }) => delivery.seq);

describe('the order of a batch', () => {
  it('alternates between new events and retries, longest due first', () => {
    const newEvents: [number, number][] = [[11, 100], [12, 200], [13, 400]]; // prettier-ignore
    const retries: [number, number][] = [[1, 50], [2, 200], [3, 300], [4, 500]]; // prettier-ignore
    expect(order(newEvents, retries)).toEqual([1, 11, 12, 2, 3, 13, 4]);
  });

  it('keeps new events in the order of the log, whatever their timestamps', () => {
    expect(order([[11, 300], [12, 100]], [[1, 200]])).toEqual([1, 11, 12]); // prettier-ignore
  });

  it('has only retries, or only new events, where there is nothing else', () => {
    expect(order([], [[1, 50], [2, 60]])).toEqual([1, 2]); // prettier-ignore
    expect(order([[11, 100]], [])).toEqual([11]);
  });
});
