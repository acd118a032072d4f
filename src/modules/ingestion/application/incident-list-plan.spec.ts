import { describe, expect, it } from '@jest/globals';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import type { IncidentPageRequest } from './incident-conditions.js';
import { leadingTime, strategiesFor } from './incident-list-plan.js';

const now = new Date('2026-03-01T00:00:00Z');
const byCreation: IncidentPageRequest = {
  tenantId: leastIdAt('ten', new Date('2025-09-01T00:00:00Z')) as TenantId,
  after: undefined,
  sort: 'createdAt',
  order: 'desc',
  limit: 20,
};
const byUpdate = { ...byCreation, sort: 'updatedAt' } as const;
const week = { from: '2025-12-01T00:00:00Z', to: '2025-12-08T00:00:00Z' };
const lastWeeks = { to: '2026-02-20T00:00:00Z' };

describe('the strategies for a page of incidents', () => {
  const cases: readonly (readonly [string, IncidentPageRequest, readonly string[]])[] = [
    ['all', byCreation, ['index range']],
    ['all by update', byUpdate, ['index range']],
    ['one status within a week', { ...byCreation, ...week, status: 'open' }, ['index range']],
    ['one service', { ...byCreation, service: 'checkout' }, ['index range']],
    ['one severity', { ...byCreation, severity: 'low' }, ['index scan', 'full text']],
    ['one status by update', { ...byUpdate, status: 'open' }, ['index scan', 'full text']],
    ['words of one service', { ...byCreation, service: 'checkout', q: 'disk' }, ['index scan', 'full text']],
    ['a week by update', { ...byUpdate, ...week }, ['keys by creation']],
    ['until lately by update', { ...byUpdate, ...lastWeeks }, ['keys by update', 'keys by creation']],
    [
      'one service within a week by update',
      { ...byUpdate, ...week, service: 'checkout' },
      ['keys by creation', 'sorted range'],
    ],
    ['words within a week by update', { ...byUpdate, ...week, q: 'disk' }, ['keys by creation', 'full text']],
    [
      'one service until lately by update',
      { ...byUpdate, ...lastWeeks, service: 'checkout' },
      ['keys by update', 'full text'],
    ],
  ];
  it.each(cases)('%s', (_, page, strategies) => {
    expect(strategiesFor(page, now)).toEqual(strategies);
  });
});

describe('a list by update within times of creation', () => {
  it('is led by updates, unless the range of updates since then is longer than that of creation', () => {
    expect(leadingTime({ ...byUpdate, ...lastWeeks }, now)).toBe('updated');
    expect(leadingTime({ ...byUpdate, from: week.from }, now)).toBe('updated');
    expect(leadingTime({ ...byUpdate, ...week }, now)).toBe('created');
    expect(leadingTime({ ...byUpdate, to: week.from }, now)).toBe('updated');
    expect(leadingTime({ ...byUpdate, to: '2025-11-01T00:00:00Z' }, now)).toBe('created');
  });

  it('is led by updates when the oldest come first', () => {
    expect(leadingTime({ ...byUpdate, ...week, order: 'asc' }, now)).toBe('updated');
  });
});
