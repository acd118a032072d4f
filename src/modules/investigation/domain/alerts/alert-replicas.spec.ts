import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { unlikeReplicas } from './alert-replicas.js';
import { suspicionByEntity } from './alert-surprisal.js';
import type { AlertSignal } from '../evidence/evidence.js';

const seen = { seenBefore: 0, stormsBefore: 50 };
const call = (entity: string, signal: string, caller = 'gate'): AlertSignal => ({
  entity, signal, caller, about: 'trace', ...seen,
}); // prettier-ignore
const metric = (entity: string, signal: string): AlertSignal => ({
  entity,
  signal,
  about: 'metric',
  ...seen,
});
const message = (entity: string, signal: string): AlertSignal => ({ entity, signal, about: 'log', ...seen });

/** @returns those of the storm that are unlike, as `entity signal` */
function unlikeIn(...storm: AlertSignal[]): string[] {
  return storm.filter(unlikeReplicas(storm)).map(({ entity, signal }) => `${entity} ${signal}`);
}

const REPLICAS = [call('7', 'GET /cart slow'), call('9', 'GET /cart 500')];

describe('What is unlike its replicas', () => {
  it('is the alert that only one of those has who answer the same operation for the same caller', () => {
    const both = [metric('7', 'cpu up'), metric('9', 'cpu up')];
    expect(unlikeIn(...REPLICAS, ...both, metric('9', 'memory up'))).toEqual([
      '7 GET /cart slow', '9 GET /cart 500', '9 memory up',
    ]); // prettier-ignore
  });

  it('is nothing of who has no replica', () => {
    const apart = [
      call('7', 'GET /cart slow'),
      call('9', 'GET /cart slow', 'elsewhere'),
      call('8', 'GET /user slow'),
    ];
    expect(unlikeIn(...apart, metric('7', 'cpu up'), metric('9', 'memory up'))).toEqual([]);
    expect(unlikeIn(call('7', 'save slow', '7'), call('9', 'save slow', '9'), metric('7', 'cpu up'))).toEqual(
      [],
    );
  });

  it('is no message, which a replica may word with its own name', () => {
    expect(unlikeIn(...REPLICAS, message('7', '7: started'))).not.toContain('7 7: started');
  });

  it('holds for more than two, by whatever operation they are known', () => {
    const three = [...REPLICAS, call('9', 'PUT /cart slow'), call('4', 'PUT /cart slow')];
    expect(unlikeIn(...three, metric('4', 'cpu up'), metric('7', 'cpu up'))).not.toContain('4 cpu up');
    expect(unlikeIn(...three, metric('4', 'cpu up'))).toContain('4 cpu up');
  });

  it('is told of a very long line of replicas, each known by one more operation', () => {
    const line = Array.from({ length: 20_000 }, (_, i) => [
      call(`r${i + 1}`, `op${i} slow`),
      call(`r${i}`, `op${i} slow`),
    ]).flat();
    expect(inTime(() => unlikeIn(...line, metric('r7', 'cpu up')))).toContain('r7 cpu up');
  });

  it('is a view of the storm of its own', () => {
    const storm = [...REPLICAS.map(({ entity }) => call(entity, 'GET /cart slow')), metric('7', 'cpu up')];
    const found = suspicionByEntity(storm.map((row) => ({ row, evidenceId: 'evd_1' })));
    const viewsOf = (name: string) =>
      found.find(({ entity }) => entity === name)?.signals.flatMap(({ views }) => views);
    expect(viewsOf('7')).toEqual(['calls', 'resources up', 'replicas']);
    expect(viewsOf('9')).toEqual(['calls']);
  });
});
