import { compareText } from '../compare-text.js';
import type { TopologyEdge } from '../evidence/evidence.js';
import { serviceOf, withoutOrdinal } from '../evidence/service-name.js';
import { getOrAdd } from '../get-or-add.js';

type Neighbours = Map<string, Set<string>>;

/** Who depends on whom, by service. Edges are often missing, so callers treat a path as a hint and never as a filter. */
export class CallGraph {
  readonly #callees: Neighbours = new Map();
  readonly #callers: Neighbours = new Map();
  readonly #nodes = new Set<string>();
  /** Many ways are asked for, from few services. */
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

  /** Under which name an entity stands in the graph; its own when it does not. */
  nodeOf(entity: string): string {
    const service = serviceOf(entity);
    const shared = withoutOrdinal(service);
    return !this.#nodes.has(service) && this.#nodes.has(shared) ? shared : service;
  }

  /** The services that this one calls itself, by name. */
  callees(service: string): string[] {
    return [...(this.#callees.get(this.nodeOf(service)) ?? [])].sort(compareText);
  }

  calls(caller: string, callee: string): boolean {
    return this.#callees.get(this.nodeOf(caller))?.has(this.nodeOf(callee)) ?? false;
  }

  /** The services that call this one, directly or not, the nearest first. */
  callersOf(service: string): string[] {
    return [...distancesFrom(this.nodeOf(service), this.#callers)]
      .filter(([, distance]) => distance > 0)
      .sort(([a, near], [b, far]) => near - far || compareText(a, b))
      .map(([caller]) => caller);
  }

  /** How many calls lie between a service and one it depends on: 0 for itself, undefined when no path is known. */
  distance(from: string, to: string): number | undefined {
    const start = this.nodeOf(from);
    const distances = getOrAdd(this.#distances, start, () => distancesFrom(start, this.#callees));
    return distances.get(this.nodeOf(to));
  }
}

function distancesFrom(start: string, neighbours: Neighbours): Map<string, number> {
  const distances = new Map([[start, 0]]);
  // A map goes on to what is added while it is walked through, which makes it the queue as well.
  for (const [service, distance] of distances) {
    for (const next of neighbours.get(service) ?? [])
      if (!distances.has(next)) distances.set(next, distance + 1);
  }
  return distances;
}
