import { describe, expect, it } from '@jest/globals';
import { newTenantId, type TenantId } from '#kernel/domain/ids';
import { AnalyserForRequests } from './analyser-for-requests.js';
import { AnalyserLostError, AnalyserPool, type RemoteAnalyser } from './analyser-pool.js';

/** Computes nothing; counts how many analysers are lent out, and the highest count. */
class CountingPool extends AnalyserPool {
  current = 0;
  peak = 0;

  async use<T>(signal: AbortSignal, work: (analyser: RemoteAnalyser) => Promise<T>): Promise<T> {
    this.current += 1;
    this.peak = Math.max(this.peak, this.current);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
    try {
      return await Promise.race([work({} as RemoteAnalyser), aborted]);
    } finally {
      this.current -= 1;
    }
  }
}

const tenantId = newTenantId();

describe('Analysers for requests', () => {
  it('serve two requests at a time, first come, first served, and refuse more when the queue is full', async () => {
    const pool = new CountingPool();
    const analysers = new AnalyserForRequests(pool);
    const served: number[] = [];
    const finish: (() => void)[] = [];
    const requests = Array.from({ length: 30 }, (_, n) =>
      analysers.use(tenantId, 60, async () => {
        await new Promise<void>((resolve) => finish.push(resolve));
        served.push(n);
      }),
    );
    const settled = Promise.allSettled(requests);
    while (served.length < 22) {
      finish.shift()?.();
      await new Promise(setImmediate);
    }
    const outcomes = await settled;
    expect(served).toEqual(Array.from({ length: 22 }, (_, n) => n));
    expect(pool.peak).toBe(2);
    for (const outcome of outcomes.slice(22))
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'service_unavailable', retryAfter: 10 },
      });
  });

  it('serve tenants in turns, and refuse none because of the queue of another one', async () => {
    const analysers = new AnalyserForRequests(new CountingPool());
    const served: string[] = [];
    const request = (tenant: string, id: TenantId): Promise<void> =>
      analysers.use(id, 60, async () => {
        await new Promise(setImmediate);
        served.push(tenant);
      });
    const greedy = Array.from({ length: 30 }, () => request('greedy', tenantId));
    const other = request('other', newTenantId());
    await Promise.allSettled([...greedy, other]);
    expect(served).toHaveLength(23);
    expect(served.indexOf('other')).toBeLessThan(5);
  });

  const failures: readonly (readonly [string, number, () => Promise<never>, object])[] = [
    [
      'times out',
      0.01,
      () => new Promise<never>(() => undefined),
      { code: 'service_unavailable', message: 'It took longer than 0.01 s.' },
    ],
    [
      'loses its analyser',
      60,
      () => Promise.reject(new AnalyserLostError('It needs more than 64 MiB of memory')),
      {
        code: 'service_unavailable',
        message: 'It could not be computed: It needs more than 64 MiB of memory.',
      },
    ],
    ['throws', 60, () => Promise.reject(new TypeError('a bug')), { name: 'TypeError', message: 'a bug' }],
  ];
  it.each(failures)('report a request that %s, and serve the next one', async (_, seconds, work, error) => {
    const analysers = new AnalyserForRequests(new CountingPool());
    await expect(analysers.use(tenantId, seconds, work)).rejects.toMatchObject(error);
    expect(await analysers.use(tenantId, 60, () => Promise.resolve('next'))).toBe('next');
  });
});
