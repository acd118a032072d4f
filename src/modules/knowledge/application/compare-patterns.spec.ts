import { expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import { Pattern } from '../domain/pattern.js';
import type { PatternIndex } from '../domain/patterns.js';
import { ComparePatterns } from './compare-patterns.js';

const tenantId = newTenantId();

it('comparing many long texts does not block the event loop', async () => {
  const alert = { title: 'Disk full', description: 'word another '.repeat(1_500), service: null };
  const lesson = { incidentId: 'inc_1', alert, rootCause: 'x', fix: null };
  const patterns = Array.from({ length: 50 }, () => Pattern.learn(tenantId, lesson, new Date()));
  const index = { candidates: () => Promise.resolve(patterns) } as unknown as PatternIndex;
  let turns = 0;
  let next = setImmediate(takeTurn);
  function takeTurn(): void {
    turns += 1;
    next = setImmediate(takeTurn);
  }
  const matches = await new ComparePatterns(index).execute(tenantId, alert);
  clearImmediate(next);
  expect(matches).toHaveLength(patterns.length);
  expect(turns).toBeGreaterThanOrEqual(15);
});
