import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { CallGraph } from './call-graph.js';

const graph = new CallGraph([
  { caller: 'web', callee: 'checkout' },
  { caller: 'checkout-7d9fbc6d8-x2x9l', callee: 'db' },
  { caller: 'db', callee: 'web' },
  { caller: 'db', callee: 'db' },
]);

describe('The call graph', () => {
  it('maps pods to their service', () => {
    expect(graph.callees('checkout')).toEqual(['db']);
  });

  it('measures distances, also in cycles', () => {
    expect(graph.distance('web', 'web')).toBe(0);
    expect(graph.distance('web', 'db')).toBe(2);
    expect(graph.distance('db', 'checkout')).toBe(2);
    expect(graph.distance('web', 'elsewhere')).toBeUndefined();
  });

  it('lists transitive callers, nearest first', () => {
    expect(graph.transitiveCallers('db')).toEqual(['checkout', 'web']);
    expect(graph.transitiveCallers('elsewhere')).toEqual([]);
  });

  it('finds the callers in a cycle of very many services', () => {
    const many = 40_000;
    const cycle = Array.from({ length: many }, (_, i) => ({
      caller: `s${i}`,
      callee: `s${(i + 1) % many}`,
    }));
    const callers = inTime(() => new CallGraph(cycle).transitiveCallers('s0'));
    expect(callers).toHaveLength(many - 1);
    expect(callers[0]).toBe(`s${many - 1}`);
  });

  it('is empty without edges', () => {
    expect(new CallGraph([]).isEmpty).toBe(true);
    expect(graph.isEmpty).toBe(false);
  });
});
