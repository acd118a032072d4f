import { compareText } from '../compare-text.js';
import type { TopologyEdge } from '../evidence/evidence.js';
import { serviceOf, withoutOrdinal } from '../evidence/service-name.js';
import { getOrAdd } from '../get-or-add.js';

type Neighbours = Map<string, Set<string>>;

/**
 * The directed graph of services and their calls. Known edges are often incomplete, so a missing path must not exclude an
 * entity.
 */
export class CallGraph {
  readonly #callees: Neighbours = new Map();
  readonly #callers: Neighbours = new Map();
  readonly #nodes = new Set<string>();
  /** Cache by start: many distances are queried from few services. */
  readonly #distances = new Map<string, ReadonlyMap<string, number>>();

  constructor(edges: Iterable<TopologyEdge>) {
    for (const { caller, callee } of edges) {
      const from = serviceOf(caller);
      const to = serviceOf(callee);
      this.#nodes.add(from).add(to);
      if (from === to) continue;
      getOrAdd(this.#callees, from, () => new Set<string>()).add(to);
      getOrAdd(this.#callers, to, () => new Set<string>()).add(from);
    }
  }

  get isEmpty(): boolean {
    return this.#callees.size === 0;
  }

  /** The name of an entity's node; its normalised name when it is not in the graph. */
  nodeOf(entity: string): string {
    const service = serviceOf(entity);
    const shared = withoutOrdinal(service);
    return !this.#nodes.has(service) && this.#nodes.has(shared) ? shared : service;
  }

  /** The services that this one calls directly, by name. */
  callees(service: string): string[] {
    return [...(this.#callees.get(this.nodeOf(service)) ?? [])].sort(compareText);
  }

  calls(caller: string, callee: string): boolean {
    return this.#callees.get(this.nodeOf(caller))?.has(this.nodeOf(callee)) ?? false;
  }

  /** The transitive callers of a service, nearest first. */
  transitiveCallers(service: string): string[] {
    return [...distancesFrom(this.nodeOf(service), this.#callers)]
      .filter(([, distance]) => distance > 0)
      .sort(([a, near], [b, far]) => near - far || compareText(a, b))
      .map(([caller]) => caller);
  }

  /** Length of the shortest path along calls: 0 to itself, undefined when no path is known. */
  distance(from: string, to: string): number | undefined {
    const start = this.nodeOf(from);
    const distances = getOrAdd(this.#distances, start, () => distancesFrom(start, this.#callees));
    return distances.get(this.nodeOf(to));
  }
}

/** Breadth-first search. */
function distancesFrom(start: string, neighbours: Neighbours): Map<string, number> {
  const distances = new Map([[start, 0]]);
  // Iterating a Map also visits entries added meanwhile, so it serves as the queue.
  for (const [service, distance] of distances) {
    for (const next of neighbours.get(service) ?? [])
      if (!distances.has(next)) distances.set(next, distance + 1);
  }
  return distances;
}
