import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Carried } from './carried.js';

describe('what is carried along', () => {
  const [name, place] = [new Carried<string>(), new Carried<string>()];
  const both = async (): Promise<(string | undefined)[]> => {
    await nextTurn();
    return [name.get(), place.get()];
  };

  it('is there in all that the work leads to, and nowhere else', async () => {
    const inside = name.run('a', both);
    expect(name.get()).toBeUndefined();
    expect(await inside).toEqual(['a', undefined]);
  });

  it('keeps what else is carried', async () => {
    const inside = name.run('a', () => place.run('x', both));
    expect(await inside).toEqual(['a', 'x']);
  });

  it('changes for the inner work alone', async () => {
    const [inner, outer] = name.run('a', () => [name.run('b', both), both()]);
    expect(await inner).toEqual(['b', undefined]);
    expect(await outer).toEqual(['a', undefined]);
  });

  it('is one for each of those who run side by side', async () => {
    const seen = await Promise.all(['a', 'b', 'c'].map((value) => name.run(value, both)));
    expect(seen.map(([value]) => value)).toEqual(['a', 'b', 'c']);
  });
});
