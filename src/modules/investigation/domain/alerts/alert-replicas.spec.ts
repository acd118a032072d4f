import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { uniqueAmongReplicas } from './alert-replicas.js';
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

/** @returns the alerts that only one replica has, as `entity signal` */
function uniqueIn(...storm: AlertSignal[]): string[] {
  return storm.filter(uniqueAmongReplicas(storm)).map(({ entity, signal }) => `${entity} ${signal}`);
}

const REPLICAS = [call('7', 'GET /cart slow'), call('9', 'GET /cart 500')];

describe('An alert is unique among replicas', () => {
  it('when only one of the entities that serve the same operation for the same caller has it', () => {
    const both = [metric('7', 'cpu up'), metric('9', 'cpu up')];
    expect(uniqueIn(...REPLICAS, ...both, metric('9', 'memory up'))).toEqual([
      '7 GET /cart slow', '9 GET /cart 500', '9 memory up',
    ]); // prettier-ignore
  });

  it('but not when the entity has no replica', () => {
    const apart = [
      call('7', 'GET /cart slow'),
      call('9', 'GET /cart slow', 'elsewhere'),
      call('8', 'GET /user slow'),
    ];
    expect(uniqueIn(...apart, metric('7', 'cpu up'), metric('9', 'memory up'))).toEqual([]);
    expect(uniqueIn(call('7', 'save slow', '7'), call('9', 'save slow', '9'), metric('7', 'cpu up'))).toEqual(
      [],
    );
  });

  it('but not when it is a log alert, whose message may contain the name of the replica', () => {
    expect(uniqueIn(...REPLICAS, message('7', '7: started'))).not.toContain('7 7: started');
  });

  it('also among more than two, connected by different operations', () => {
    const three = [...REPLICAS, call('9', 'PUT /cart slow'), call('4', 'PUT /cart slow')];
    expect(uniqueIn(...three, metric('4', 'cpu up'), metric('7', 'cpu up'))).not.toContain('4 cpu up');
    expect(uniqueIn(...three, metric('4', 'cpu up'))).toContain('4 cpu up');
  });

  it('also in a very long chain of replicas, each connected by another operation', () => {
    const line = Array.from({ length: 20_000 }, (_, i) => [
      call(`r${i + 1}`, `op${i} slow`),
      call(`r${i}`, `op${i} slow`),
    ]).flat();
    expect(inTime(() => uniqueIn(...line, metric('r7', 'cpu up')))).toContain('r7 cpu up');
  });

  it('and then counts in the view “replicas” of the storm', () => {
    const storm = [...REPLICAS.map(({ entity }) => call(entity, 'GET /cart slow')), metric('7', 'cpu up')];
    const found = suspicionByEntity(storm.map((row) => ({ row, evidenceId: 'evd_1' })));
    const viewsOf = (name: string) =>
      found.find(({ entity }) => entity === name)?.signals.flatMap(({ views }) => views);
    expect(viewsOf('7')).toEqual(['calls', 'resources up', 'replicas']);
    expect(viewsOf('9')).toEqual(['calls']);
  });
});
