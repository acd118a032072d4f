import { expect, it } from '@jest/globals';
import { epochOf } from './epoch.js';

const NOON = Date.UTC(2026, 2, 1, 12);

it.each([
  ['2026-03-01T12:00:00Z', NOON],
  ['2026-03-01T13:00:00.000+01:00', NOON],
  ['2026-03-01 14:00:00 +0200', NOON],
  ['2026-03-01 12:00:00 UTC', NOON],
  ['2026-03-01T12:00:00', NOON],
  ['2026-03-01 12:00', NOON],
  ['2026-03-01 12:00:00.250', NOON + 250],
  ['2026-03-01', NaN],
  ['2026-02-01T25:00:00', NaN],
  ['noon', NaN],
  ['', NaN],
])('%j is %d', (text, epoch) => {
  expect(epochOf(text)).toBe(epoch);
});
