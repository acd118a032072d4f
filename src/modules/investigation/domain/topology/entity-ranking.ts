import type { CallGraph } from './call-graph.js';
import { compareText } from '../compare-text.js';
import type { MetricShift } from '../metrics/metric-shift.js';
import type { EpochMs } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import { failurePropagation, MAX_COMPARED } from './failure-propagation.js';
import { latencySources } from './latency-propagation.js';

/** An entity as a candidate root cause, by its metrics. */
export interface EntityRanking {
  readonly entity: string;
  /** 0..1 */
  readonly score: number;
  /** Its anomalous series, highest score first. */
  readonly shifts: readonly MetricShift[];
  /** Why its anomalies may have propagated from another entity, as a sentence. */
  readonly explanation: string | undefined;
  /** Whether anomalies of others seem to propagate from it, or it is the only anomalous one of several entities. */
  readonly isSource: boolean;
  /** The rise in requests that may be the cause. */
  readonly demand: MetricShift | undefined;
  /** An entity with the same anomalies, so that either may be the source of the other's. */
  readonly indistinguishableFrom: string | undefined;
}

const WEIGHT_WHEN_EXPLAINED = 0.5;
const WEIGHT_WHEN_UNREACHABLE = 0.7;

/**
 * Ranks entities by their most anomalous series. The score is reduced when a callee is anomalous too, and a little when the
 * failing service is not known to reach the entity; known call graphs are often incomplete, so that never excludes one.
 * Without a call graph, propagation is inferred from latencies and failures. Entities with anomalies in traffic only are
 * not ranked.
 * @param compared all series with a baseline, anomalous ones first and by descending score
 * @returns highest score first
 */
export function rankEntities(
  compared: readonly MetricShift[],
  graph: CallGraph,
  { failing, since }: { readonly failing: string | null; readonly since: EpochMs },
): EntityRanking[] {
  const shifts = compared.filter(({ shifted }) => shifted);
  const byEntity = new Map<string, MetricShift[]>();
  for (const shift of shifts) getOrAdd(byEntity, shift.series.entity, () => []).push(shift);
  const anomalous = new Set([...byEntity.keys()].map((entity) => graph.nodeOf(entity)));
  const { explanations, indistinguishable } = graph.isEmpty
    ? inferPropagation([...byEntity.values()].slice(0, MAX_COMPARED).flat(), compared, since)
    : NO_PROPAGATION;
  const sources = new Set([...explanations.values()].map(({ source }) => source));
  const onlyAnomalous = graph.isEmpty ? onlyAnomalousEntity(compared, explanations) : undefined;
  return [...byEntity]
    .filter(([, own]) => own.some(({ role }) => role !== 'traffic'))
    .map(([entity, own]): EntityRanking => {
      const hasAnomalousCallee = graph.callees(entity).some((callee) => anomalous.has(callee));
      const explanation = hasAnomalousCallee
        ? 'Something it calls left normal too.'
        : explanations.get(entity)?.because;
      const isUnreachable =
        failing !== null && !graph.isEmpty && graph.distance(failing, entity) === undefined;
      const score =
        strength(own) *
        (explanation === undefined ? 1 : WEIGHT_WHEN_EXPLAINED) *
        (isUnreachable ? WEIGHT_WHEN_UNREACHABLE : 1);
      return {
        entity,
        score,
        shifts: own,
        explanation,
        isSource: entity === onlyAnomalous || sources.has(entity),
        demand: isRetried(entity, explanations, byEntity) ? undefined : demandBeforeAnomalies(own),
        indistinguishableFrom: indistinguishable.get(entity),
      };
    })
    .sort((a, b) => b.score - a.score || compareText(a.entity, b.entity));
}

interface Explanation {
  /** The entity that the anomaly seems to propagate from, if any. */
  readonly source?: string;
  /** A sentence. */
  readonly because: string;
}

interface Propagation {
  readonly explanations: ReadonlyMap<string, Explanation>;
  readonly indistinguishable: ReadonlyMap<string, string>;
}

const NO_PROPAGATION: Propagation = { explanations: new Map(), indistinguishable: new Map() };

/** Latencies are better evidence than failures, so they decide for every entity that waits or is waited for. */
function inferPropagation(
  shifts: readonly MetricShift[],
  compared: readonly MetricShift[],
  since: EpochMs,
): Propagation {
  const latencies = latencySources(shifts);
  const awaited = new Set(latencies.values());
  const isUndecided = (entity: string) => !latencies.has(entity) && !awaited.has(entity);
  const failures = failurePropagation(
    shifts,
    compared.map(({ series }) => series),
    since,
  );
  const explanations = new Map<string, Explanation>(
    [...latencies].map(([entity, source]) => [
      entity,
      { source, because: `It seems to wait for ${source}, whose latency grew by a larger factor.` },
    ]),
  );
  const onlyFails = (entity: string) =>
    shifts.every(({ series, role }) => series.entity !== entity || role === 'traffic' || role === 'errors');
  for (const entity of failures.negligible) {
    if (onlyFails(entity)) {
      explanations.set(entity, { because: 'Its error ratio is hardly higher than before.' });
    }
  }
  for (const [entity, source] of failures.sources) {
    if (isUndecided(entity)) {
      explanations.set(entity, { source, because: `It may only propagate failures of ${source}.` });
    }
  }
  const indistinguishable = new Map(
    [...failures.indistinguishable].filter(([entity]) => isUndecided(entity)),
  );
  return { explanations, indistinguishable };
}

const MIN_NORMAL_ENTITIES = 2;

/** The only entity with unexplained anomalies, if the same metrics of at least two other entities were measured. */
function onlyAnomalousEntity(
  compared: readonly MetricShift[],
  explanations: Propagation['explanations'],
): string | undefined {
  const unexplained = compared.filter(
    ({ shifted, role, series }) => shifted && role !== 'traffic' && !explanations.has(series.entity),
  );
  const [first, ...others] = new Set(unexplained.map(({ series }) => series.entity));
  if (first === undefined || others.length > 0) return undefined;
  const metrics = new Set(unexplained.map(({ series }) => series.metric));
  const normal = compared.filter(({ series }) => series.entity !== first && metrics.has(series.metric));
  return new Set(normal.map(({ series }) => series.entity)).size >= MIN_NORMAL_ENTITIES ? first : undefined;
}

/** The least growth of request rates that counts as a rise in demand. */
const MIN_DEMAND_GROWTH = 1.5;
/** A scrape may show requests whose effects the scrape before already showed. */
const MAX_SKEW_INTERVALS = 2;
/** The share of a callee's request growth from which its caller's growth explains it. */
const MIN_CALLER_GROWTH = 0.8;

/** A rise in requests no later than any other anomaly of the entity: it may be their cause rather than an effect. */
function demandBeforeAnomalies(shifts: readonly MetricShift[]): MetricShift | undefined {
  const demand = requestRise(shifts);
  const others = shifts.filter(({ role }) => role !== 'traffic');
  if (!demand || others.length === 0) return undefined;
  const [first = 0, second = first] = demand.series.timestamps;
  const skew = MAX_SKEW_INTERVALS * (second - first);
  return others.every(({ at }) => demand.at <= at + skew) ? demand : undefined;
}

function requestRise(shifts: readonly MetricShift[]): MetricShift | undefined {
  return shifts.find(({ role, worst, normal }) => role === 'traffic' && worst > normal * MIN_DEMAND_GROWTH);
}

/** Whether its rise in requests comes from retries: its callers receive hardly more requests than before. */
function isRetried(
  entity: string,
  explanations: Propagation['explanations'],
  byEntity: ReadonlyMap<string, readonly MetricShift[]>,
): boolean {
  const callers = [...explanations].filter(([, { source }]) => source === entity);
  const rise = growth(requestRise(byEntity.get(entity) ?? []));
  return (
    callers.length > 0 &&
    callers.every(([caller]) => growth(requestRise(byEntity.get(caller) ?? [])) < MIN_CALLER_GROWTH * rise)
  );
}

function growth(rise: MetricShift | undefined): number {
  return rise ? rise.worst / rise.normal : 1;
}

/**
 * 0..1, the score of the most anomalous series on a logarithmic scale, since scores of series with a tiny spread reach the
 * thousands and 2000 is no more certain than 1000: 5 gives .26, 1000 gives 1.
 */
function strength(shifts: readonly MetricShift[]): number {
  return Math.min(1, Math.log10(1 + (shifts[0]?.score ?? 0)) / 3);
}
