import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '#kernel/domain/clock';
import { newTenantId } from '#kernel/domain/ids';
import type { EventLog } from '#kernel/events/event-log';
import type { Tenants } from '#modules/tenants/api';
import { FindPlace } from './find-place.js';

const tenantId = newTenantId();

/** A log of which nothing is kept, and whose next event comes right after the first question about it. */
function logThatGrows(): EventLog {
  let head = 7;
  const answer = <T>(value: T): Promise<T> => {
    const answered = Promise.resolve(value);
    head += 1;
    return answered;
  };
  return {
    oldest: () => answer(head > 7 ? { seq: 8, id: 'evt_8' } : undefined),
    heads: () => answer(new Map([[tenantId, head]])),
    placeOf: () => Promise.resolve(undefined),
  } as unknown as EventLog;
}

describe('the place where a reader begins that asks for the oldest event', () => {
  it.each([['0'], ['evt_01HX9VTPQR3KF8MZWBYD5N6JCE']])(
    'is before an event that comes while it is looked for (%s)',
    async (lastEventId) => {
      const tenants = { profile: () => Promise.resolve({ settings: { retentionDays: { events: 1 } } }) };
      const findPlace = new FindPlace(logThatGrows(), tenants as unknown as Tenants, new SystemClock());
      expect(await findPlace.begin(tenantId, lastEventId)).toMatchObject({ after: 7, inThePast: true });
    },
  );
});
