import { describe, expect, it } from '@jest/globals';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { timeSlotsOf } from './incident-slots.js';

const now = new Date('2026-03-01T00:00:00Z');
const tenantId = leastIdAt('ten', new Date('2025-09-01T00:00:00Z')) as TenantId;
const byCreation = { tenantId, after: undefined, sort: 'createdAt', order: 'desc' } as const;
const byUpdate = { ...byCreation, sort: 'updatedAt' } as const;
const limits = { max: 8, first: 3 };
const weeks = { from: '2026-01-20T00:00:00Z' } as const;
const allTime = `Tenant=${tenantId}`;
const lexemeOfCreation = (time: string): string =>
  `Slot=${tenantId}/${leastIdAt('inc', new Date(time)).slice(4, 8)}`;
const lexemeOfUpdate = (time: string): string =>
  `Updated=${tenantId}/${String(Math.floor(Date.parse(time) / 2 ** 30))}`;

describe('the time slots of a list of incidents', () => {
  it.each([
    [byCreation, 'created', lexemeOfCreation],
    [byUpdate, 'updated', lexemeOfUpdate],
  ] as const)('are in the order of the list', (page, time, lexemeAt) => {
    const upward = timeSlotsOf({ ...page, ...weeks, order: 'asc' }, time, limits, now);
    expect(upward).toEqual({
      lexemes: ['2026-01-20', '2026-02-01', '2026-02-14', '2026-03-01'].map((day) =>
        lexemeAt(`${day}T00:00:00Z`),
      ),
      atOnce: false,
    });
    const downward = timeSlotsOf({ ...page, ...weeks, order: 'desc' }, time, limits, now);
    expect(downward.lexemes).toEqual([...upward.lexemes].reverse());
  });

  it.each([
    [byCreation, 'created', lexemeOfCreation],
    [byUpdate, 'updated', lexemeOfUpdate],
  ] as const)(
    'are the first three, then all of the tenant’s time, when there are many',
    (page, time, lexemeAt) => {
      expect(timeSlotsOf({ ...page, order: 'asc' }, time, limits, now).lexemes).toEqual([
        lexemeAt('2025-09-01T00:00:00Z'),
        lexemeAt('2025-09-13T00:00:00Z'),
        lexemeAt('2025-09-26T00:00:00Z'),
        allTime,
      ]);
    },
  );

  it.each(['asc', 'desc'] as const)('start at the cursor (%s)', (order) => {
    const time = '2026-02-01T00:00:00Z';
    const id = leastIdAt('inc', new Date(time));
    expect(timeSlotsOf({ ...byCreation, order, after: [id] }, 'created', limits, now).lexemes[0]).toBe(
      lexemeOfCreation(time),
    );
    expect(timeSlotsOf({ ...byUpdate, order, after: [time, id] }, 'updated', limits, now).lexemes[0]).toBe(
      lexemeOfUpdate(time),
    );
  });

  it('by update are all slots of the creation range at once when that range leads', () => {
    const days = { from: '2026-02-02T00:00:00Z', to: '2026-02-14T00:00:00Z' };
    const lexemes = [lexemeOfCreation(days.to), lexemeOfCreation(days.from)];
    expect(timeSlotsOf({ ...byUpdate, ...days }, 'created', limits, now)).toEqual({ lexemes, atOnce: true });
    const cursor = ['2026-02-15T00:00:00Z', 'inc_x'];
    expect(timeSlotsOf({ ...byUpdate, ...days, after: cursor }, 'created', limits, now)).toEqual({
      lexemes,
      atOnce: true,
    });
    expect(timeSlotsOf({ ...byUpdate, to: days.to }, 'created', limits, now)).toEqual({
      lexemes: [allTime],
      atOnce: true,
    });
  });

  it('are all of the tenant’s time when the first ones are long after the creation range', () => {
    const before = { ...byUpdate, to: '2026-01-01T00:00:00Z' };
    expect(timeSlotsOf(before, 'updated', limits, now).lexemes).toEqual([allTime]);
    const after = ['2026-01-10T00:00:00Z', 'inc_x'];
    const [first] = timeSlotsOf({ ...before, after }, 'updated', limits, now).lexemes;
    expect(first).toBe(lexemeOfUpdate('2026-01-10T00:00:00Z'));
  });

  it('are within the creation range and the lifetime of the tenant', () => {
    const day = { from: '2026-02-01T00:00:00Z', to: '2026-02-02T00:00:00Z' };
    expect(timeSlotsOf({ ...byCreation, ...day }, 'created', limits, now).lexemes).toEqual([
      lexemeOfCreation(day.from),
    ]);
    for (const page of [byCreation, byUpdate])
      expect(timeSlotsOf({ ...page, to: '2020-01-01T00:00:00Z' }, 'created', limits, now).lexemes).toEqual(
        [],
      );
  });
});
