import { describe, expect, it } from '@jest/globals';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { slotsOf } from './incident-slots.js';

const now = new Date('2026-03-01T00:00:00Z');
const tenantId = leastIdAt('ten', new Date('2025-09-01T00:00:00Z')) as TenantId;
const all = { sort: 'createdAt', order: 'desc' } as const;
const weeks = { ...all, from: '2026-01-20T00:00:00Z' } as const;
const slotAt = (time: string): string => leastIdAt('inc', new Date(time)).slice(4, 8);

describe('the slots of a list of incidents', () => {
  it('are in the order of the list', () => {
    const upward = slotsOf(tenantId, { ...weeks, order: 'asc' }, undefined, now);
    expect(upward).toHaveLength(4);
    expect(upward).toEqual([...upward].sort());
    expect(upward.at(-1)).toBe(slotAt('2026-03-01T00:00:00Z'));
    const downward = slotsOf(tenantId, { ...weeks, order: 'desc' }, undefined, now);
    expect(downward).toEqual([...upward].reverse());
  });

  it('are the first three and then all of the time, when they are many', () => {
    expect(slotsOf(tenantId, { ...all, order: 'asc' }, undefined, now)).toEqual([
      slotAt('2025-09-01T00:00:00Z'),
      slotAt('2025-09-13T00:00:00Z'),
      slotAt('2025-09-26T00:00:00Z'),
      null,
    ]);
  });

  it('go on where the page before ended', () => {
    const after = leastIdAt('inc', new Date('2026-02-01T00:00:00Z'));
    expect(slotsOf(tenantId, all, after, now)[0]).toBe(slotAt('2026-02-01T00:00:00Z'));
    expect(slotsOf(tenantId, { ...all, order: 'asc' }, after, now)[0]).toBe(slotAt('2026-02-01T00:00:00Z'));
  });

  it('are those of the times asked for, and none outside of the life of the tenant', () => {
    const filter = { ...all, sort: 'updatedAt' } as const;
    const day = { from: '2026-02-01T00:00:00Z', to: '2026-02-02T00:00:00Z' };
    expect(slotsOf(tenantId, { ...filter, ...day }, undefined, now)).toEqual([slotAt(day.from)]);
    expect(slotsOf(tenantId, { ...filter, to: '2020-01-01T00:00:00Z' }, undefined, now)).toEqual([]);
  });

  it('are all of the time at once, for a list by update of many', () => {
    expect(slotsOf(tenantId, { ...all, sort: 'updatedAt' }, undefined, now)).toEqual([null]);
  });
});
