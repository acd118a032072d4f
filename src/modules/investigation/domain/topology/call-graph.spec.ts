import { describe, expect, it } from '@jest/globals';
import { CallGraph } from './call-graph.js';

const graph = new CallGraph([
  { caller: 'web', callee: 'checkout' },
  { caller: 'checkout-7d9fbc6d8-x2x9l', callee: 'db' },
  { caller: 'db', callee: 'web' },
  { caller: 'db', callee: 'db' },
]);

describe('The call graph', () => {
  it('knows pods by their service', () => {
    expect(graph.callees('checkout')).toEqual(['db']);
  });

  it('measures how far one depends on another, circles included', () => {
    expect(graph.distance('web', 'web')).toBe(0);
    expect(graph.distance('web', 'db')).toBe(2);
    expect(graph.distance('db', 'checkout')).toBe(2);
    expect(graph.distance('web', 'elsewhere')).toBeUndefined();
  });

  it('is empty without edges', () => {
    expect(new CallGraph([]).isEmpty).toBe(true);
    expect(graph.isEmpty).toBe(false);
  });
});
