import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Recent } from './recent.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function asking(options: { seconds?: number; most?: number; goodFor?: (answer: string) => number } = {}) {
  const asked: string[] = [];
  const recent = new Recent({
    seconds: 60,
    most: 100,
    load: async (key: string) => {
      asked.push(key);
      await Promise.resolve();
      if (key === 'broken') throw new Error('away');
      return `${key}:${asked.length}`;
    },
    ...options,
  });
  return { recent, asked };
}

describe('recent answers', () => {
  it('are looked up once for all who ask at the same moment', async () => {
    const { recent, asked } = asking();
    const answers = await Promise.all(Array.from({ length: 20 }, () => recent.get('a')));
    expect(new Set(answers)).toEqual(new Set(['a:1']));
    expect(asked).toEqual(['a']);
  });

  it('are the very promise that was given before, so that asking again makes nothing new', () => {
    const { recent } = asking();
    expect(recent.get('a')).toBe(recent.get('a'));
  });

  it('are known at once as soon as they are there, until they are old or forgotten', async () => {
    const { recent, asked } = asking();
    expect(recent.known('a')).toBeUndefined();
    const answer = recent.get('a');
    expect(recent.known('a')).toBeUndefined();
    await answer;
    expect(recent.known('a')).toBe('a:1');
    recent.forget('a');
    expect(recent.known('a')).toBeUndefined();
    expect(asked).toEqual(['a']);
    const old = asking({ seconds: 0 });
    await old.recent.get('a');
    expect(old.recent.known('a')).toBeUndefined();
  });

  it('are looked up again when they are old, or good for a shorter time', async () => {
    const old = asking({ seconds: 0 });
    expect([await old.recent.get('a'), await old.recent.get('a')]).toEqual(['a:1', 'a:2']);
    const short = asking({ goodFor: (answer) => (answer === 'a:1' ? 0 : Infinity) });
    expect([await short.recent.get('a'), await short.recent.get('a')]).toEqual(['a:1', 'a:2']);
    expect(await short.recent.get('a')).toBe('a:2');
  });

  it('are looked up again when they were forgotten', async () => {
    const { recent, asked } = asking();
    await Promise.all([recent.get('a'), recent.get('b')]);
    recent.forget('a');
    await Promise.all([recent.get('a'), recent.get('b')]);
    expect(asked).toEqual(['a', 'b', 'a']);
  });

  it('are forgotten by what they say', async () => {
    const { recent, asked } = asking();
    await Promise.all([recent.get('a'), recent.get('b')]);
    recent.forgetWhere((answer) => answer === 'b:2');
    await new Promise(setImmediate);
    await Promise.all([recent.get('a'), recent.get('b')]);
    expect(asked).toEqual(['a', 'b', 'b']);
  });

  it('are no more than so many: the ones loaded longest ago go first', async () => {
    const { recent, asked } = asking({ most: 2 });
    for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await recent.get(key);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('do not remember a failure', async () => {
    const { recent, asked } = asking();
    await expect(recent.get('broken')).rejects.toThrow('away');
    await expect(recent.get('broken')).rejects.toThrow('away');
    expect(asked).toEqual(['broken', 'broken']);
  });

  it('do not hold on to the call in which they were looked up', async () => {
    const { recent, asked } = asking();
    const calls = new AsyncLocalStorage<object>();
    const call = await (async () => {
      const request = { body: 'much' };
      await calls.run(request, () => recent.get('a'));
      return new WeakRef(request);
    })();
    await new Promise(setImmediate);
    collectGarbage();
    expect(call.deref()).toBeUndefined();
    expect([await recent.get('a'), asked]).toEqual(['a:1', ['a']]);
  });
});
