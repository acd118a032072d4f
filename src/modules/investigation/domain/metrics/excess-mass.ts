import type { CallGraph } from '../topology/call-graph.js';
import { compareText } from '../compare-text.js';
import type { EpochMs } from '../evidence/evidence.js';
import { sameService } from '../evidence/service-name.js';

/** An entity's excess over time: requests × the latency or error ratio of each beyond the baseline. */
export interface EntityExcess {
  readonly entity: string;
  readonly excess: ReadonlyMap<EpochMs, number>;
}

/** The share of the excess that an entity causes itself. */
export interface Attribution {
  readonly entity: string;
  /** Excess observed at the entity, weighted by the excess of the failing service at the same time. */
  readonly mass: number;
  /** The mass without that of its callees, as self time is a span without its children. */
  readonly own: number;
  /** 0..1: its share of all own masses. The shares of all entities add up to 1. */
  readonly share: number;
}

/**
 * Attributes the excess of a failing service to entities, along the call graph. For entity v and time t, with E the
 * excess: `w_t = E_failing(t) / Σ E_failing`, `M_v = Σ w_t · E_v(t) / Σ w_t` over the times at which v was measured, and
 * `own_v = max(0, M_v − Σ over callees c of min(M_c, M_v))`.
 * Entities that the failing service is not known to reach are not excluded, since call graphs are often incomplete.
 * Between two that call each other the direction of propagation is unknown, so neither is subtracted.
 * @returns largest own mass first; empty when the failing service has no excess
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
    let totalWeight = 0;
    for (const [timestamp, value] of excess) {
      const weight = weights.get(timestamp);
      if (weight === undefined) continue;
      mass += weight * value;
      totalWeight += weight;
    }
    if (totalWeight > 0) mass /= totalWeight;
    masses.set(graph.nodeOf(entity), (masses.get(graph.nodeOf(entity)) ?? 0) + mass);
  }
  const own = entities.map(({ entity }) => {
    const mass = masses.get(graph.nodeOf(entity)) ?? 0;
    const propagated = graph
      .callees(entity)
      .filter((callee) => !graph.calls(callee, entity))
      .reduce((sum, callee) => sum + Math.min(masses.get(callee) ?? 0, mass), 0);
    return { entity, mass, own: Math.max(0, mass - propagated) };
  });
  const total = own.reduce((sum, each) => sum + each.own, 0);
  if (!(total > 0 && Number.isFinite(total))) return [];
  return own
    .filter((each) => each.own > 0)
    .map((each): Attribution => ({ ...each, share: each.own / total }))
    .sort((a, b) => b.own - a.own || compareText(a.entity, b.entity));
}

/** `w_t` of the formula above; empty when there is no excess, or one too large to sum. */
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
