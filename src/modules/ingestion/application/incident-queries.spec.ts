import { describe, expect, it } from '@jest/globals';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import type { IncidentPlace } from './incident-conditions.js';
import { isWorthWalking, shorterKeys } from './incident-queries.js';

const now = new Date('2026-03-01T00:00:00Z');
const place: IncidentPlace = {
  tenantId: leastIdAt('ten', new Date('2025-09-01T00:00:00Z')) as TenantId,
  after: undefined,
  sort: 'updatedAt',
  order: 'desc',
  limit: 20,
};
const week = { from: '2025-12-01T00:00:00Z', to: '2025-12-08T00:00:00Z' };

describe('what was made at some time, by update', () => {
  it('is looked for among the newest updates, unless more was updated since then than made then', () => {
    expect(shorterKeys({ ...place, to: '2026-02-20T00:00:00Z' }, now)).toBe('ofUpdates');
    expect(shorterKeys({ ...place, from: week.from }, now)).toBe('ofUpdates');
    expect(shorterKeys({ ...place, ...week }, now)).toBe('ofTimes');
    expect(shorterKeys({ ...place, to: week.from }, now)).toBe('ofUpdates');
    expect(shorterKeys({ ...place, to: '2025-11-01T00:00:00Z' }, now)).toBe('ofTimes');
  });

  it('is among the first updates when the oldest come first', () => {
    expect(shorterKeys({ ...place, ...week, order: 'asc' }, now)).toBe('ofUpdates');
  });
});

describe('a walk', () => {
  it('is worth it when a look has found enough to expect a page', () => {
    expect(isWorthWalking(place, 5)).toBe(false);
    expect(isWorthWalking(place, 6)).toBe(true);
    expect(isWorthWalking({ ...place, limit: 100 }, 6)).toBe(false);
  });

  it('goes less far by keys', () => {
    const filter = { ...place, ...week, q: 'latency' };
    expect(isWorthWalking(filter, 20)).toBe(false);
    expect(isWorthWalking(filter, 21)).toBe(true);
  });
});
