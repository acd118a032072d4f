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
  ['2026-03-01 12:00:00,250', NOON + 250],
  ['2026-03-01 12:00:00.000000+00', NOON],
  ['2026-03-01 07:00:00 EST', NOON],
  ['2026-03-01 12:00 PM', undefined],
  ['2026-03-01 12:00:00 (noon)', undefined],
  [NOON, NOON],
  [NOON / 1000, NOON],
  [-1, undefined],
  [1e300, undefined],
  ['1969-12-31T23:59:59Z', undefined],
  ['2026-03-01', undefined],
  ['2026-02-01T25:00:00', undefined],
  ['noon', undefined],
  ['', undefined],
])('%j is %p', (text, epoch) => {
  expect(epochOf(text)).toBe(epoch);
});
