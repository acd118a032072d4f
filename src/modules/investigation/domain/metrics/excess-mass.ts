import type { CallGraph } from '../topology/call-graph.js';
import { compareText } from '../compare-text.js';
import type { EpochMs } from '../evidence/evidence.js';
import { sameService } from '../evidence/service-name.js';

/** What an entity's callers suffered beyond normal, over time: requests × what each of them waited or failed too much. */
export interface EntityExcess {
  readonly entity: string;
  readonly excess: ReadonlyMap<EpochMs, number>;
}

/** How much of the damage an entity does itself. */
export interface Attribution {
  readonly entity: string;
  /** Damage seen at it, weighted by when the failing service suffered. */
  readonly mass: number;
  /** What remains when that of the entities it calls is taken off. */
  readonly own: number;
  /** Of all own masses; the shares of all entities add up to 1. */
  readonly share: number;
}

/**
 * Excess-mass attribution with back-trace along the call graph. For entity v and step t, with E the excess:
 * `w_t = E_failing(t) / Σ E_failing`, `M_v = Σ w_t · E_v(t) / Σ w_t` over the steps at which v was measured, and
 * `own_v = max(0, M_v − Σ over callees c of min(M_c, M_v))`.
 * Weighting by requests and subtracting callees is what makes it work; reachability from the failing service does not
 * filter, since edges are often missing. Of two that call each other nobody knows who passes damage on, so that none is
 * taken off. Most own mass first; empty when the failing service did not suffer.
 */
export function attributeExcess(
  entities: readonly EntityExcess[],
  failing: string,
  graph: CallGraph,
): Attribution[] {
  const weights = weightsOf(entities.filter(({ entity }) => sameService(entity, failing)));
  if (weights.size === 0) return [];
  const masses = new Map<string, number>();
  for (const { entity, excess } of entities) {
    let mass = 0;
    let seen = 0;
    for (const [timestamp, value] of excess) {
      const weight = weights.get(timestamp);
      if (weight === undefined) continue;
      mass += weight * value;
      seen += weight;
    }
    if (seen > 0) mass /= seen;
    masses.set(graph.nodeOf(entity), (masses.get(graph.nodeOf(entity)) ?? 0) + mass);
  }
  const own = entities.map(({ entity }) => {
    const mass = masses.get(graph.nodeOf(entity)) ?? 0;
    const passedOn = graph
      .callees(entity)
      .filter((callee) => !graph.calls(callee, entity))
      .reduce((sum, callee) => sum + Math.min(masses.get(callee) ?? 0, mass), 0);
    return { entity, mass, own: Math.max(0, mass - passedOn) };
  });
  const total = own.reduce((sum, each) => sum + each.own, 0);
  if (!(total > 0 && Number.isFinite(total))) return [];
  return own
    .filter((each) => each.own > 0)
    .map((each): Attribution => ({ ...each, share: each.own / total }))
    .sort((a, b) => b.own - a.own || compareText(a.entity, b.entity));
}

function weightsOf(failing: readonly EntityExcess[]): Map<EpochMs, number> {
  const weights = new Map<EpochMs, number>();
  let total = 0;
  for (const { excess } of failing) {
    for (const [timestamp, value] of excess) {
      if (value <= 0) continue;
      weights.set(timestamp, (weights.get(timestamp) ?? 0) + value);
      total += value;
    }
  }
  if (!Number.isFinite(total)) return new Map();
  for (const [timestamp, value] of weights) weights.set(timestamp, value / total);
  return weights;
}
