import { describe, expect, it } from '@jest/globals';
import { SystemClock } from '#kernel/domain/clock';
import { newTenantId } from '#kernel/domain/ids';
import type { EventLog } from '#kernel/events/event-log';
import type { Tenants } from '#modules/tenants/api';
import { FindPosition } from './find-position.js';

const tenantId = newTenantId();

/** A log that keeps nothing, and to which an event is appended right after the first query. */
function growingLog(): EventLog {
  let head = 7;
  const answer = <T>(value: T): Promise<T> => {
    const answered = Promise.resolve(value);
    head += 1;
    return answered;
  };
  return {
    oldest: () => answer(head > 7 ? { seq: 8, id: 'evt_8' } : undefined),
    heads: () => answer(new Map([[tenantId, head]])),
    findSeq: () => Promise.resolve(undefined),
  } as unknown as EventLog;
}

describe('the position of a subscriber that asks for the oldest event', () => {
  it.each([['0'], ['evt_01HX9VTPQR3KF8MZWBYD5N6JCE']])(
    'is before an event that is appended during the lookup (%s)',
    async (lastEventId) => {
      const tenants = { profile: () => Promise.resolve({ settings: { retentionDays: { events: 1 } } }) };
      const findPosition = new FindPosition(growingLog(), tenants as unknown as Tenants, new SystemClock());
      expect(await findPosition.start(tenantId, lastEventId)).toMatchObject({ after: 7, needsReplay: true });
    },
  );
});
