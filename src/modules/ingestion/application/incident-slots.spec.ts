import { describe, expect, it } from '@jest/globals';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { slotsOf } from './incident-slots.js';

const now = new Date('2026-03-01T00:00:00Z');
const tenantId = leastIdAt('ten', new Date('2025-09-01T00:00:00Z')) as TenantId;
const list = { tenantId, after: undefined, sort: 'createdAt', order: 'desc' } as const;
const byUpdate = { ...list, sort: 'updatedAt' } as const;
const weeks = { from: '2026-01-20T00:00:00Z' } as const;
const allTime = `Tenant=${tenantId}`;
const made = (time: string): string => `Slot=${tenantId}/${leastIdAt('inc', new Date(time)).slice(4, 8)}`;
const updated = (time: string): string =>
  `Updated=${tenantId}/${String(Math.floor(Date.parse(time) / 2 ** 30))}`;

describe('the slots of a list of incidents', () => {
  it.each([
    [list, made],
    [byUpdate, updated],
  ])('are in the order of the list', (listed, lexemeAt) => {
    const upward = slotsOf({ ...listed, ...weeks, order: 'asc' }, 'ofUpdates', now);
    expect(upward).toEqual({
      lexemes: ['2026-01-20', '2026-02-01', '2026-02-14', '2026-03-01'].map((day) =>
        lexemeAt(`${day}T00:00:00Z`),
      ),
      atOnce: false,
    });
    const downward = slotsOf({ ...listed, ...weeks, order: 'desc' }, 'ofUpdates', now);
    expect(downward.lexemes).toEqual([...upward.lexemes].reverse());
  });

  it.each([
    [list, made],
    [byUpdate, updated],
  ])('are the first three and then all of the time, when they are many', (listed, lexemeAt) => {
    expect(slotsOf({ ...listed, order: 'asc' }, 'ofUpdates', now).lexemes).toEqual([
      lexemeAt('2025-09-01T00:00:00Z'),
      lexemeAt('2025-09-13T00:00:00Z'),
      lexemeAt('2025-09-26T00:00:00Z'),
      allTime,
    ]);
  });

  it.each(['asc', 'desc'] as const)('go on where the page before ended (%s)', (order) => {
    const time = '2026-02-01T00:00:00Z';
    const id = leastIdAt('inc', new Date(time));
    expect(slotsOf({ ...list, order, after: [id] }, 'ofUpdates', now).lexemes[0]).toBe(made(time));
    expect(slotsOf({ ...byUpdate, order, after: [time, id] }, 'ofUpdates', now).lexemes[0]).toBe(
      updated(time),
    );
  });

  it('by update are those of creation, all at once, when they are few and sooner looked through', () => {
    const days = { from: '2026-02-02T00:00:00Z', to: '2026-02-14T00:00:00Z' };
    const lexemes = [made(days.to), made(days.from)];
    expect(slotsOf({ ...byUpdate, ...days }, 'ofTimes', now)).toEqual({ lexemes, atOnce: true });
    const place = ['2026-02-15T00:00:00Z', 'inc_x'];
    expect(slotsOf({ ...byUpdate, ...days, after: place }, 'ofTimes', now)).toEqual({
      lexemes,
      atOnce: true,
    });
    expect(slotsOf({ ...byUpdate, to: days.to }, 'ofTimes', now)).toEqual({
      lexemes: [allTime],
      atOnce: true,
    });
  });

  it('are all of the time when the first ones come long after the times asked for', () => {
    const before = { ...byUpdate, to: '2026-01-01T00:00:00Z' };
    expect(slotsOf(before, 'ofUpdates', now).lexemes).toEqual([allTime]);
    const after = ['2026-01-10T00:00:00Z', 'inc_x'];
    const [first] = slotsOf({ ...before, after }, 'ofUpdates', now).lexemes;
    expect(first).toBe(updated('2026-01-10T00:00:00Z'));
  });

  it('are those of the times asked for, and none outside of the life of the tenant', () => {
    const day = { from: '2026-02-01T00:00:00Z', to: '2026-02-02T00:00:00Z' };
    expect(slotsOf({ ...list, ...day }, 'ofUpdates', now).lexemes).toEqual([made(day.from)]);
    for (const listed of [list, byUpdate])
      expect(slotsOf({ ...listed, to: '2020-01-01T00:00:00Z' }, 'ofTimes', now).lexemes).toEqual([]);
  });
});
