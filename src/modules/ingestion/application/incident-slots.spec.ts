import { describe, expect, it } from '@jest/globals';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { slotsOf } from './incident-slots.js';

const now = new Date('2026-03-01T00:00:00Z');
const tenantId = leastIdAt('ten', new Date('2026-01-01T00:00:00Z')) as TenantId;
const slotAt = (time: string): string => leastIdAt('inc', new Date(time)).slice(4, 8);

describe('the slots of a list of incidents', () => {
  it('begin with the tenant and end now', () => {
    const slots = slotsOf(tenantId, { sort: 'createdAt', order: 'asc' }, undefined, now);
    expect(slots?.[0]).toBe(slotAt('2026-01-01T00:00:00Z'));
    expect(slots?.at(-1)).toBe(slotAt('2026-03-01T00:00:00Z'));
    expect(slots).toHaveLength(6);
  });

  it('are in the order of the list', () => {
    const upward = slotsOf(tenantId, { sort: 'createdAt', order: 'asc' }, undefined, now) ?? [];
    const downward = slotsOf(tenantId, { sort: 'createdAt', order: 'desc' }, undefined, now) ?? [];
    expect(upward).toEqual([...upward].sort());
    expect(downward).toEqual([...upward].reverse());
  });

  it('go on where the page before ended', () => {
    const after = leastIdAt('inc', new Date('2026-02-01T00:00:00Z'));
    expect(slotsOf(tenantId, { sort: 'createdAt', order: 'desc' }, after, now)?.[0]).toBe(
      slotAt('2026-02-01T00:00:00Z'),
    );
    expect(slotsOf(tenantId, { sort: 'createdAt', order: 'asc' }, after, now)?.[0]).toBe(
      slotAt('2026-02-01T00:00:00Z'),
    );
  });

  it('are those of the times asked for, and none outside of the life of the tenant', () => {
    const filter = { sort: 'updatedAt', order: 'desc' } as const;
    const day = { from: '2026-02-01T00:00:00Z', to: '2026-02-02T00:00:00Z' };
    expect(slotsOf(tenantId, { ...filter, ...day }, undefined, now)).toEqual([slotAt(day.from)]);
    expect(slotsOf(tenantId, { ...filter, to: '2020-01-01T00:00:00Z' }, undefined, now)).toEqual([]);
  });

  it('are all, unnamed, for a list by update without times', () => {
    expect(slotsOf(tenantId, { sort: 'updatedAt', order: 'desc' }, undefined, now)).toBeNull();
  });
});
