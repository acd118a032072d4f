import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { CallGraph } from '../topology/call-graph.js';
import { attributeExcess } from './excess-mass.js';

const graph = new CallGraph([
  { caller: 'web', callee: 'orders' },
  { caller: 'orders', callee: 'db' },
]);
const entity = (name: string, ...excess: number[]) => ({
  entity: name,
  excess: new Map(excess.map((value, timestamp) => [timestamp, value])),
});
const owners = (...args: Parameters<typeof attributeExcess>) =>
  attributeExcess(...args).map(({ entity: name, share }) => [name, Math.round(share * 100)]);

describe('The attribution of excess', () => {
  it('subtracts what propagates from callees', () => {
    expect(
      owners([entity('web', 0, 100), entity('orders', 0, 90), entity('db', 0, 80)], 'web', graph),
    ).toEqual([
      ['db', 80],
      ['orders', 10],
      ['web', 10],
    ]);
  });

  it('subtracts nothing between two that call each other', () => {
    const mutual = new CallGraph([
      { caller: 'web', callee: 'auth' },
      { caller: 'auth', callee: 'web' },
      { caller: 'web', callee: 'db' },
    ]);
    expect(owners([entity('web', 100), entity('auth', 100), entity('db', 10)], 'web', mutual)).toEqual([
      ['auth', 50],
      ['web', 45],
      ['db', 5],
    ]);
  });

  it('scales to very many samples and very many entities', () => {
    const many = 40_000;
    const long = entity('web', ...Array.from({ length: many }, () => 1));
    const others = Array.from({ length: many }, (_, i) => entity(`e${i}`, 1));
    expect(inTime(() => attributeExcess([long, ...others], 'web', graph))).toHaveLength(many + 1);
  });

  it('counts only the times at which the failing service has excess', () => {
    expect(
      owners([entity('web', 0, 100), entity('db', 900, 0), entity('orders', 0, 50)], 'web', graph),
    ).toEqual([
      ['orders', 50],
      ['web', 50],
    ]);
  });

  it('limits what a callee can subtract to the mass of the caller', () => {
    expect(owners([entity('web', 10), entity('orders', 10), entity('db', 500)], 'web', graph)).toEqual([
      ['db', 100],
    ]);
  });

  it('normalises by the times at which an entity was measured', () => {
    const seldom = { entity: 'orders', excess: new Map([[1, 100]]) };
    expect(owners([entity('web', 100, 100), seldom], 'web', graph)).toEqual([['orders', 100]]);
  });

  it('ranks entities without a known path to them, too', () => {
    expect(owners([entity('web', 100), entity('cache', 300)], 'web', graph)[0]).toEqual(['cache', 75]);
  });

  it('attributes nothing when the failing service has no excess', () => {
    expect(attributeExcess([entity('web', 0), entity('db', 5)], 'web', graph)).toEqual([]);
    expect(attributeExcess([entity('db', 5)], 'web', graph)).toEqual([]);
    expect(attributeExcess([entity('web', 1e308, 1e308), entity('db', 1e308)], 'web', graph)).toEqual([]);
  });
});
