import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { FewAtOnce } from './few-at-once.js';

describe('few at once', () => {
  it('are as many as allowed and no more, in the order they came, also when one fails', async () => {
    const few = new FewAtOnce(2);
    const begun: number[] = [];
    let running = 0;
    let most = 0;
    const all = Array.from({ length: 9 }, (_, n) =>
      few.run('one', async () => {
        begun.push(n);
        most = Math.max(most, ++running);
        await turn();
        running -= 1;
        if (n % 3 === 0) throw new Error('no luck');
        return n;
      }),
    );
    const outcomes = await Promise.allSettled(all);
    expect(most).toBe(2);
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(begun.map((n) => n % 3 !== 0));
    expect(await few.run('one', () => Promise.resolve('still there'))).toBe('still there');
  });

  it('take turns by their lines, so that many of one hold up no few of another', async () => {
    const few = new FewAtOnce(1);
    const begun: string[] = [];
    const ask = (line: string): Promise<void> =>
      few.run(line, async () => {
        begun.push(line);
        await turn();
      });
    await Promise.all(['many', 'many', 'many', 'many', 'few', 'few', 'one'].map(ask));
    expect(begun).toEqual(['many', 'many', 'few', 'one', 'many', 'few', 'many']);
  });

  it('are no more of a line than a line may have, and leave the room to others', async () => {
    const few = new FewAtOnce(3, 2);
    const begun: string[] = [];
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const ask = (name: string): Promise<void> =>
      few.run(name.slice(0, 1), async () => {
        begun.push(name);
        await finished;
      });
    const all = Promise.all(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'].map(ask));
    await turn();
    expect(begun).toEqual(['a1', 'a2', 'b1']);
    finish();
    await all;
    expect(begun.toSorted()).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']);
  });
});
