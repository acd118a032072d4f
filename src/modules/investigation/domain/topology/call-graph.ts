import { compareText } from '../compare-text.js';
import type { TopologyEdge } from '../evidence/evidence.js';
import { serviceOf, withoutOrdinal } from '../evidence/service-name.js';

/** Who depends on whom, by service. Edges are often missing, so callers treat a path as a hint and never as a filter. */
export class CallGraph {
  readonly #callees = new Map<string, Set<string>>();
  readonly #nodes = new Set<string>();

  constructor(edges: Iterable<TopologyEdge>) {
    for (const { caller, callee } of edges) {
      const from = serviceOf(caller);
      const to = serviceOf(callee);
      this.#nodes.add(from).add(to);
      if (from === to) continue;
      const known = this.#callees.get(from);
      if (known) known.add(to);
      else this.#callees.set(from, new Set([to]));
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

  /** The services that call this one, directly or not, the nearest first. */
  callersOf(service: string): string[] {
    const target = this.nodeOf(service);
    return [...this.#nodes]
      .map((caller) => ({ caller, distance: this.#distancesFrom(caller).get(target) ?? 0 }))
      .filter(({ distance }) => distance > 0)
      .sort((a, b) => a.distance - b.distance || compareText(a.caller, b.caller))
      .map(({ caller }) => caller);
  }

  /** How many calls lie between a service and one it depends on: 0 for itself, undefined when no path is known. */
  distance(from: string, to: string): number | undefined {
    return this.#distancesFrom(this.nodeOf(from)).get(this.nodeOf(to));
  }

  readonly #distances = new Map<string, Map<string, number>>();

  #distancesFrom(start: string): Map<string, number> {
    const known = this.#distances.get(start);
    if (known) return known;
    const distances = new Map([[start, 0]]);
    let frontier = [start];
    for (let hops = 1; frontier.length > 0; hops += 1) {
      const next: string[] = [];
      for (const service of frontier) {
        for (const callee of this.#callees.get(service) ?? []) {
          if (distances.has(callee)) continue;
          distances.set(callee, hops);
          next.push(callee);
        }
      }
      frontier = next;
    }
    this.#distances.set(start, distances);
    return distances;
  }
}
