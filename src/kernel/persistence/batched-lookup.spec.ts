import { describe, expect, it } from '@jest/globals';
import { batchedLookup } from './batched-lookup.js';

describe('a batched look-up', () => {
  it('sends the calls of one turn together, and each gets its own result', async () => {
    const batches: (readonly number[])[] = [];
    const double = batchedLookup((keys: readonly number[]) => {
      batches.push(keys);
      return Promise.resolve(keys.map((key) => key * 2));
    });
    expect(await Promise.all([1, 2, 3].map(double))).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('fails for the whole batch, and the next batch is sent as usual', async () => {
    let isDown = true;
    const double = batchedLookup((keys: readonly number[]) =>
      isDown ? Promise.reject(new Error('down')) : Promise.resolve(keys.map((key) => key * 2)),
    );
    const failed = await Promise.allSettled([1, 2].map(double));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isDown = false;
    expect(await double(3)).toBe(6);
  });
});
