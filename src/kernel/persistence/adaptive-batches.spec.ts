import { describe, expect, it, jest } from '@jest/globals';
import { AdaptiveBatches, type BatchOptions } from './adaptive-batches.js';

interface PendingWrite {
  readonly items: readonly number[];
  readonly slot: number;
  release(): void;
}

/** Batches whose writes end when the test releases them. */
function heldBatches(options: Partial<Omit<BatchOptions<number, number>, 'write'>> = {}): {
  batches: AdaptiveBatches<number, number>;
  writes: PendingWrite[];
} {
  const writes: PendingWrite[] = [];
  const batches = new AdaptiveBatches<number, number>({
    size: 10,
    queue: 100,
    slots: 1,
    ...options,
    write: (items, slot) =>
      new Promise((resolve) => {
        writes.push({ items, slot, release: () => { resolve(items.map((item) => item * 2)); } }); // prettier-ignore
      }),
  });
  return { batches, writes };
}

/** Two turns: an awaited write settles just before the batches notice that a slot is free. */
const turn = async (): Promise<void> => {
  for (let n = 0; n < 2; n += 1) await new Promise((resolve) => setImmediate(resolve));
};
/** Of two owners, whose items are in different lanes: that of the first item is in the first lane. */
const parity = (item: number): string => (item % 2 === 0 ? 'even' : 'odd');
const settled = (answers: readonly (Promise<number> | undefined)[]): Promise<(number | undefined)[]> =>
  Promise.all(answers.map((answer) => Promise.resolve(answer)));
const dataFault = (): Error => Object.assign(new Error('cannot be stored'), { code: '22P05' });

describe('adaptive batches', () => {
  it('write the items of one turn together at its end, and resolve each item', async () => {
    const { batches, writes } = heldBatches();
    const answers = Promise.all([batches.add(1), batches.add(2), batches.add(3)]);
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    writes[0]?.release();
    expect(await answers).toEqual([2, 4, 6]);
  });

  it('collect items while all slots are busy, up to the batch size', async () => {
    const { batches, writes } = heldBatches({ size: 3 });
    const answers = [batches.add(1)];
    await turn();
    for (const item of [2, 3, 4, 5]) answers.push(batches.add(item));
    await turn();
    expect(writes).toHaveLength(1);
    writes[0]?.release();
    await answers[0];
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    writes[1]?.release();
    await answers[3];
    await turn();
    writes[2]?.release();
    expect(await settled(answers)).toEqual([2, 4, 6, 8, 10]);
  });

  it('start beside a running batch only if they are not small next to it, otherwise after it', async () => {
    const { batches, writes } = heldBatches({ slots: 2, owner: parity });
    const answers = [2, 4, 6, 8].map((item) => batches.add(item));
    await turn();
    answers.push(batches.add(1));
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[2, 4, 6, 8]]);
    answers.push(batches.add(3));
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[2, 4, 6, 8], [1, 3]]); // prettier-ignore
    answers.push(batches.add(5));
    await turn();
    expect(writes).toHaveLength(2);
    writes[1]?.release();
    await answers[4];
    await turn();
    expect(writes).toHaveLength(2);
    writes[0]?.release();
    await answers[0];
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[2, 4, 6, 8], [1, 3], [5]]); // prettier-ignore
    writes[2]?.release();
    expect(await settled(answers)).toEqual([4, 8, 12, 16, 2, 6, 10]);
  });

  it('keep a lane together until as many items wait as are being written', async () => {
    const { batches, writes } = heldBatches({ slots: 2, owner: parity });
    const answers = [1, 2, 3, 4].map((item) => batches.add(item));
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[1, 3], [2, 4]]); // prettier-ignore
    answers.push(...[6, 8].map((item) => batches.add(item)));
    await turn();
    writes[0]?.release();
    await answers[0];
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[1, 3], [2, 4], [6, 8]]); // prettier-ignore
    for (const write of writes) write.release();
    expect(await settled(answers)).toEqual([2, 4, 6, 8, 12, 16]);
  });

  it('send a batch behind the one being written once it is large enough, but no third', async () => {
    const { batches, writes } = heldBatches({ slots: 2, minBehind: 2, owner: parity });
    const answers: (Promise<number> | undefined)[] = [];
    const add = async (...items: number[]): Promise<void> => {
      answers.push(...items.map((item) => batches.add(item)));
      await turn();
    };
    const sent = (): unknown[] => writes.map(({ slot, items }) => [slot, ...items]);
    await add(1, 2, 3, 4, 6, 8);
    await add(10, 12, 5);
    // Two beside four in the same slot are too few, and so is one beside two.
    expect(sent()).toEqual([[0, 1, 3], [1, 2, 4, 6, 8]]); // prettier-ignore
    await add(14, 7);
    expect(sent().slice(2)).toEqual([[0, 5, 7], [1, 10, 12, 14]]); // prettier-ignore
    await add(16, 18, 20, 22, 9, 11);
    expect(writes).toHaveLength(4);
    writes[1]?.release();
    await turn();
    expect(sent().slice(4)).toEqual([[1, 16, 18, 20, 22]]);
    writes[0]?.release();
    await turn();
    expect(sent().slice(5)).toEqual([[0, 9, 11]]);
    for (const write of writes) write.release();
    expect(await settled(answers)).toHaveLength(17);
  });

  it('send no batch behind another that is smaller than the least', async () => {
    const { batches, writes } = heldBatches({ minBehind: 3 });
    const answers = [batches.add(1)];
    await turn();
    answers.push(batches.add(2), batches.add(3));
    await turn();
    expect(writes).toHaveLength(1);
    answers.push(batches.add(4));
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[1], [2, 3, 4]]);
    for (const write of writes) write.release();
    expect(await settled(answers)).toEqual([2, 4, 6, 8]);
  });

  it('spread owners over the slots, and let an owner change its slot only when none of its items is left', async () => {
    const { batches, writes } = heldBatches({ slots: 2, owner: (item) => `${item % 8}` });
    const answers: (Promise<number> | undefined)[] = [];
    const add = async (...items: number[]): Promise<void> => {
      answers.push(...items.map((item) => batches.add(item)));
      await turn();
    };
    const end = async (write: number): Promise<void> => {
      writes[write]?.release();
      await turn();
    };
    await add(0, 1, 2, 3, 4, 5);
    // 0 has an item in the first lane, which is therefore the longer one for 6.
    await add(8, 16, 6);
    await end(0);
    await end(1);
    // 1 has no item left, and the second lane is the longer one.
    await add(14, 22, 9);
    for (let write = 2; write < 6; write += 1) await end(write);
    expect(writes.map(({ items }) => items)).toEqual([[0, 2, 4], [1, 3, 5], [8, 16], [6], [9], [14, 22]]); // prettier-ignore
    expect(await settled(answers)).toHaveLength(12);
  });

  it('starve no lane beside one that is always full', async () => {
    const { batches, writes } = heldBatches({ slots: 2, queue: 300, owner: parity });
    const many = Array.from({ length: 200 }, (_, n) => batches.add(2 * n));
    await turn();
    const one = batches.add(1);
    for (let ended = 0; !writes.some(({ items }) => items.includes(1)); ended += 1) {
      expect(ended).toBeLessThan(4);
      writes[ended]?.release();
      await turn();
    }
    for (let n = 0; n < 40; n += 1) {
      for (const write of writes) write.release();
      await turn();
    }
    expect(await one).toBe(2);
    expect(await settled(many)).toHaveLength(200);
  });

  it('pause after a write for as long as it took, unless a full batch waits', async () => {
    const { batches, writes } = heldBatches({ size: 2, maxRestMs: 3_600_000 });
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
    const answers = [1, 2, 3, 4].map((item) => batches.add(item));
    await turn();
    clock.mockReturnValue(3_600_000);
    writes[0]?.release();
    await answers[0];
    await turn();
    expect(writes.map(({ items }) => items)).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    clock.mockReturnValue(7_200_000);
    writes[1]?.release();
    expect(await settled(answers)).toEqual([2, 4, 6, 8]);
    void batches.add(5);
    await turn();
    expect(writes).toHaveLength(2);
    clock.mockRestore();
  });

  it('continue after a pause', async () => {
    const { batches, writes } = heldBatches({ maxRestMs: 1 });
    for (const item of [1, 2]) {
      const answer = batches.add(item);
      while (writes.length < item) await turn();
      writes[item - 1]?.release();
      expect(await answer).toBe(2 * item);
    }
  });

  it('refuse an item when the queue is full', async () => {
    const { batches, writes } = heldBatches({ queue: 2 });
    const first = batches.add(1);
    await turn();
    const waiting = [batches.add(2), batches.add(3)];
    expect(batches.add(4)).toBeUndefined();
    writes[0]?.release();
    await first;
    await turn();
    writes[1]?.release();
    expect(await settled(waiting)).toEqual([4, 6]);
  });

  it('keep room for others however many items one owner adds, and for each owner again once hers are written', async () => {
    const { batches, writes } = heldBatches({
      queue: 8,
      owner: (item) => (item < 100 ? 'greedy' : `${item}`),
    });
    const first = batches.add(0);
    await turn();
    const greedy = Array.from({ length: 20 }, (_, n) => batches.add(n + 1));
    expect(greedy.filter((answer) => answer !== undefined)).toHaveLength(4);
    const others = [100, 101].map((item) => batches.add(item));
    expect(others).not.toContain(undefined);
    expect(batches.add(21)).toBeUndefined();
    writes[0]?.release();
    await first;
    await turn();
    const again = Array.from({ length: 20 }, (_, n) => batches.add(n + 30));
    expect(again.filter((answer) => answer !== undefined)).toHaveLength(4);
    for (let n = 0; n < 4; n += 1) {
      for (const write of writes) write.release();
      await turn();
    }
    expect(await settled(others)).toEqual([200, 202]);
    expect((await settled(again)).filter((answer) => answer)).toHaveLength(4);
  });

  it('count items by the room that they take', async () => {
    const { batches, writes } = heldBatches({ queue: 10, weight: (item) => item });
    const first = batches.add(1);
    await turn();
    const waiting = [batches.add(6), batches.add(6)];
    expect(waiting).not.toContain(undefined);
    expect(batches.add(1)).toBeUndefined();
    writes[0]?.release();
    await first;
    await turn();
    const last = batches.add(1);
    for (let n = 0; n < 2; n += 1) {
      for (const write of writes) write.release();
      await turn();
    }
    expect(await settled([...waiting, last])).toEqual([12, 12, 2]);
  });

  it('write a batch item by item when one of its items cannot be stored', async () => {
    const batches = new AdaptiveBatches<number, number>({
      size: 10,
      queue: 10,
      slots: 1,
      write: (items) => (items.includes(2) ? Promise.reject(dataFault()) : Promise.resolve([...items])),
    });
    const results = await Promise.allSettled([batches.add(1), batches.add(2), batches.add(3)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('fail a whole batch at once when the database is unreachable', async () => {
    let writes = 0;
    const batches = new AdaptiveBatches<number, number>({
      size: 10,
      queue: 10,
      slots: 1,
      write: () => {
        writes += 1;
        return Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
      },
    });
    const results = await Promise.allSettled([batches.add(1), batches.add(2)]);
    expect([results.map(({ status }) => status), writes]).toEqual([['rejected', 'rejected'], 1]);
  });
});
