import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { TtlCache } from './ttl-cache.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function cacheOf(
  options: { ttlSeconds?: number; maxEntries?: number; ttlMs?: (value: string) => number } = {},
) {
  const loads: string[] = [];
  const cache = new TtlCache({
    ttlSeconds: 60,
    maxEntries: 100,
    load: async (key: string) => {
      loads.push(key);
      await Promise.resolve();
      if (key === 'broken') throw new Error('away');
      return `${key}:${loads.length}`;
    },
    ...options,
  });
  return { cache, loads };
}

describe('a TTL cache', () => {
  it('loads a key once for all concurrent calls', async () => {
    const { cache, loads } = cacheOf();
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.get('a')));
    expect(new Set(answers)).toEqual(new Set(['a:1']));
    expect(loads).toEqual(['a']);
  });

  it('returns the pending promise itself, without creating another one', () => {
    const { cache } = cacheOf();
    expect(cache.get('a')).toBe(cache.get('a'));
  });

  it('peeks at a loaded value until it expires or is forgotten', async () => {
    const { cache, loads } = cacheOf();
    expect(cache.peek('a')).toBeUndefined();
    const answer = cache.get('a');
    expect(cache.peek('a')).toBeUndefined();
    await answer;
    expect(cache.peek('a')).toBe('a:1');
    cache.forget('a');
    expect(cache.peek('a')).toBeUndefined();
    expect(loads).toEqual(['a']);
    const old = cacheOf({ ttlSeconds: 0 });
    await old.cache.get('a');
    expect(old.cache.peek('a')).toBeUndefined();
  });

  it('loads an expired key again, also one with a shorter TTL of its own', async () => {
    const old = cacheOf({ ttlSeconds: 0 });
    expect([await old.cache.get('a'), await old.cache.get('a')]).toEqual(['a:1', 'a:2']);
    const short = cacheOf({ ttlMs: (value) => (value === 'a:1' ? 0 : Infinity) });
    expect([await short.cache.get('a'), await short.cache.get('a')]).toEqual(['a:1', 'a:2']);
    expect(await short.cache.get('a')).toBe('a:2');
  });

  it('loads a forgotten key again', async () => {
    const { cache, loads } = cacheOf();
    await Promise.all([cache.get('a'), cache.get('b')]);
    cache.forget('a');
    await Promise.all([cache.get('a'), cache.get('b')]);
    expect(loads).toEqual(['a', 'b', 'a']);
  });

  it('forgets by value', async () => {
    const { cache, loads } = cacheOf();
    await Promise.all([cache.get('a'), cache.get('b')]);
    cache.forgetWhere((answer) => answer === 'b:2');
    await new Promise(setImmediate);
    await Promise.all([cache.get('a'), cache.get('b')]);
    expect(loads).toEqual(['a', 'b', 'b']);
  });

  it('evicts the entries loaded longest ago', async () => {
    const { cache, loads } = cacheOf({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await cache.get(key);
    expect(loads).toEqual(['a', 'b', 'c', 'a']);
  });

  it('does not cache a failure', async () => {
    const { cache, loads } = cacheOf();
    await expect(cache.get('broken')).rejects.toThrow('away');
    await expect(cache.get('broken')).rejects.toThrow('away');
    expect(loads).toEqual(['broken', 'broken']);
  });

  it('does not keep the call that loaded a value in memory', async () => {
    const { cache, loads } = cacheOf();
    const calls = new AsyncLocalStorage<object>();
    const call = await (async () => {
      const request = { body: 'much' };
      await calls.run(request, () => cache.get('a'));
      return new WeakRef(request);
    })();
    await new Promise(setImmediate);
    collectGarbage();
    expect(call.deref()).toBeUndefined();
    expect([await cache.get('a'), loads]).toEqual(['a:1', ['a']]);
  });
});
