import { expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { UnitOfWork } from '../persistence/unit-of-work.js';

const rests: number[] = [];
jest.unstable_mockModule('node:timers/promises', () => ({
  setTimeout: (ms: number) => Promise.resolve(void rests.push(ms)),
}));
const { LagPoller } = await import('./lag-poller.js');

/** @returns the pauses after polls for which PostgreSQL took so many milliseconds; the one after the last is not counted */
async function restsAfter(...tookMs: number[]): Promise<number[]> {
  rests.length = 0;
  await new Promise<void>((polled) => {
    const lookUp = (): Promise<unknown[]> => {
      const next = tookMs.shift() ?? 0;
      if (tookMs.length === 0) {
        poller.stop();
        polled();
      }
      return Promise.resolve([{ tenant_ids: [], took_ms: next }]);
    };
    const consumer = { findLagging: 'streams_behind', log: new Logger() } as const;
    const poller = new LagPoller(consumer, { lookUp } as unknown as UnitOfWork, () => undefined);
  });
  return [...rests];
}

it.each([
  ['a second with a few tenants', [1, 2, 1, 0], [1_000, 1_000, 1_000]],
  ['a two-hundredth of the time with a hundred thousand', [40, 50, 45, 0], [1_000, 8_000, 9_000]],
  ['a minute at most', [900, 1_000, 900, 0], [1_000, 60_000, 60_000]],
  ['a second after a single slow one, be it the first', [900, 1, 900, 1, 0], [1_000, 1_000, 1_000, 1_000]],
])('polls for tenants that lag rest %s', async (_, tookMs, pauses) => {
  expect(await restsAfter(...tookMs)).toEqual(pauses);
});
