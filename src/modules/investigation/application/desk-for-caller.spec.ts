import { describe, expect, it } from '@jest/globals';
import { DeskForCaller } from './desk-for-caller.js';
import { DeskLostError, Desks, type RemoteDesk } from './desks.js';

/** Desks that nobody computes at: they count who has one. */
class CountingDesks extends Desks {
  now = 0;
  most = 0;

  async use<T>(signal: AbortSignal, work: (desk: RemoteDesk) => Promise<T>): Promise<T> {
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    const takenAway = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
    try {
      return await Promise.race([work({} as RemoteDesk), takenAway]);
    } finally {
      this.now -= 1;
    }
  }
}

describe('A desk for a caller', () => {
  it('is lent to two at a time, in the order of their coming, and refused when the line is long', async () => {
    const desks = new CountingDesks();
    const forCaller = new DeskForCaller(desks);
    const served: number[] = [];
    const goOn: (() => void)[] = [];
    const asked = Array.from({ length: 30 }, (_, n) =>
      forCaller.use(60, async () => {
        await new Promise<void>((resolve) => goOn.push(resolve));
        served.push(n);
      }),
    );
    const settled = Promise.allSettled(asked);
    const served22 = (async () => {
      while (served.length < 22) {
        goOn.shift()?.();
        await new Promise(setImmediate);
      }
    })();
    await served22;
    const outcomes = await settled;
    expect(served).toEqual(Array.from({ length: 22 }, (_, n) => n));
    expect(desks.most).toBe(2);
    for (const outcome of outcomes.slice(22))
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'service_unavailable', retryAfter: 10 },
      });
  });

  const troubles: readonly (readonly [string, number, () => Promise<never>, object])[] = [
    [
      'takes too long',
      0.01,
      () => new Promise<never>(() => undefined),
      { code: 'service_unavailable', message: 'It took longer than 0.01 s.' },
    ],
    [
      'breaks down',
      60,
      () => Promise.reject(new DeskLostError('It needs more than 64 MiB of memory')),
      {
        code: 'service_unavailable',
        message: 'It could not be computed: It needs more than 64 MiB of memory.',
      },
    ],
    ['fails', 60, () => Promise.reject(new TypeError('a bug')), { name: 'TypeError', message: 'a bug' }],
  ];
  it.each(troubles)('that %s says so, and the next one gets it', async (_, seconds, work, error) => {
    const forCaller = new DeskForCaller(new CountingDesks());
    await expect(forCaller.use(seconds, work)).rejects.toMatchObject(error);
    expect(await forCaller.use(60, () => Promise.resolve('mine'))).toBe('mine');
  });
});
