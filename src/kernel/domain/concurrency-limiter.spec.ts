import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ConcurrencyLimiter } from './concurrency-limiter.js';

describe('a concurrency limiter', () => {
  it('runs as many tasks as allowed, in the order they were added, also after one fails', async () => {
    const limiter = new ConcurrencyLimiter(2);
    const begun: number[] = [];
    let running = 0;
    let peak = 0;
    const all = Array.from({ length: 9 }, (_, n) =>
      limiter.run('one', async () => {
        begun.push(n);
        peak = Math.max(peak, ++running);
        await turn();
        running -= 1;
        if (n % 3 === 0) throw new Error('task failed');
        return n;
      }),
    );
    const outcomes = await Promise.allSettled(all);
    expect(peak).toBe(2);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(begun.map((n) => n % 3 !== 0));
    expect(await limiter.run('one', () => Promise.resolve('still works'))).toBe('still works');
  });

  it('serves keys round-robin, so that a long queue of one key does not delay another', async () => {
    const limiter = new ConcurrencyLimiter(1);
    const begun: string[] = [];
    const run = (key: string): Promise<void> =>
      limiter.run(key, async () => {
        begun.push(key);
        await turn();
      });
    await Promise.all(['many', 'many', 'many', 'many', 'few', 'few', 'one'].map(run));
    expect(begun).toEqual(['many', 'many', 'few', 'one', 'many', 'few', 'many']);
  });

  it('keeps each key below its own limit and leaves the free slots to other keys', async () => {
    const limiter = new ConcurrencyLimiter(3, 2);
    const begun: string[] = [];
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const run = (name: string): Promise<void> =>
      limiter.run(name.slice(0, 1), async () => {
        begun.push(name);
        await finished;
      });
    const all = Promise.all(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map(run));
    await turn();
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    finish();
    await all;
    expect(begun.toSorted()).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']);
  });
});
