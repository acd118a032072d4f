import { describe, expect, it } from '@jest/globals';
import { gathered } from './gathered.js';

describe('gathered questions', () => {
  it('of one turn are asked together, and each gets its own answer', async () => {
    const asked: (readonly number[])[] = [];
    const double = gathered((keys: readonly number[]) => {
      asked.push(keys);
      return Promise.resolve(keys.map((key) => key * 2));
    });
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
    expect(asked).toEqual([[1, 2, 3]]);
  });

  it('fail together, and the next ones are asked anew', async () => {
    let isDown = true;
    const double = gathered((keys: readonly number[]) =>
      isDown ? Promise.reject(new Error('down')) : Promise.resolve(keys.map((key) => key * 2)),
    );
    const failed = await Promise.allSettled([1, 2].map(double));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    expect(await double(3)).toBe(6);
  });
});
