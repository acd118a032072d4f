import type { LookupAddress } from 'node:dns';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ConcurrencyLimiter } from '../domain/concurrency-limiter.js';
import { newTenantId, type TenantId } from '../domain/ids.js';
import { runInContext, SYSTEM_CONTEXT } from '../tenancy/call-context.js';
import { FairLookup, type Resolve } from './fair-lookup.js';
import { GuardedFetch } from './guarded-fetch.js';

const PUBLIC: LookupAddress[] = [{ address: '93.184.216.34', family: 4 }];

/** Like getaddrinfo: two threads, first come, first served. `silent…` gets no answer until the test gives one. */
function twoThreads() {
  const threads = new ConcurrencyLimiter(2);
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const lookup = (host: string): Promise<LookupAddress[]> =>
    threads.run('', async () => {
      asked.push(host);
      if (host.startsWith('silent')) await new Promise<void>((resolve) => answers.push(resolve));
      return PUBLIC;
    });
  return { lookup, asked, answers };
}

const [one, other] = [newTenantId(), newTenantId()];
const addressFor = (tenantId: TenantId, resolve: Resolve, host: string): Promise<string> =>
  runInContext({ ...SYSTEM_CONTEXT, tenantId }, () => new GuardedFetch([], resolve).addressOf(host));

describe('the look-up of names', () => {
  it('for one tenant does not wait for names of another whose name servers are silent', async () => {
    const { lookup, asked, answers } = twoThreads();
    const { resolve } = new FairLookup(lookup);
    const silent = Array.from({ length: 20 }, (_, n) => addressFor(one, resolve, `silent-${n}.example`));
    expect(await addressFor(other, resolve, 'answers.example')).toBe('93.184.216.34');
    expect(asked).toEqual(['silent-0.example', 'answers.example']);
    const all = Promise.all(silent);
    for (let n = 0; n < silent.length; n += 1) {
      while (answers.length === 0) await new Promise(setImmediate);
      answers.shift()?.();
    }
    expect(new Set(await all)).toEqual(new Set(['93.184.216.34']));
  });

  it('is shared by the calls of a tenant to the same name, and by no two tenants', async () => {
    const { lookup, asked, answers } = twoThreads();
    const { resolve } = new FairLookup(lookup);
    const all = [one, one, one, other].map((tenantId) => addressFor(tenantId, resolve, 'silent.example'));
    while (answers.length < 2) await new Promise(setImmediate);
    for (const answer of answers) answer();
    await Promise.all(all);
    expect(asked).toHaveLength(2);
    await addressFor(one, resolve, 'answers.example');
    await addressFor(one, resolve, 'answers.example');
    expect(asked).toHaveLength(4);
  });

  it('ends for the caller after a time-out; names that nobody waits for are not looked up, and silent ones not again', async () => {
    const { lookup, asked, answers } = twoThreads();
    const { resolve } = new FairLookup(lookup, 20);
    const names = ['silent.example', 'behind-it.example'];
    const outcomes = await Promise.allSettled(names.map((name) => addressFor(one, resolve, name)));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        reason: { reason: 'the host name could not be looked up right now', bytesSent: 'none' },
      });
    answers.shift()?.();
    expect(await addressFor(one, resolve, 'answers.example')).toBe('93.184.216.34');
    await expect(addressFor(one, resolve, 'silent.example')).rejects.toThrow('could not be looked up');
    expect(asked).toEqual(['silent.example', 'answers.example']);
  });

  it('reports what the resolver reports', async () => {
    const unknown = Object.assign(new Error(), { code: 'ENOTFOUND' });
    const { resolve } = new FairLookup(() => Promise.reject(unknown));
    await expect(addressFor(one, resolve, 'nowhere.example')).rejects.toThrow('the host name is unknown');
    await expect(promisify(resolve)('nowhere.example')).rejects.toBe(unknown);
  });
});
