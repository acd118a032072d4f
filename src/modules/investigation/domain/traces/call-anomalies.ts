import { compareText } from '../compare-text.js';
import { getOrAdd } from '../get-or-add.js';
import { poissonDistance } from '../poisson-distance.js';
import type { CitedStatistic } from './trace-statistics.js';

/** A call that spends more time between caller and callee than in the baseline: on the network, or in a queue. */
export interface SlowEdge {
  readonly caller: string;
  readonly callee: string;
  /** Mean gap in ms, in the baseline and now. */
  readonly before: number;
  readonly now: number;
  /** `ln(1 + (now − before) / max(before, 5 ms))`, of the means or of the medians, whichever is less. */
  readonly growth: number;
  readonly evidenceIds: readonly string[];
}

/** A call that an operation makes less often than in the baseline. */
export interface MissingCall {
  readonly caller: string;
  readonly callerOperation: string;
  readonly callee: string;
  readonly operation: string;
  readonly expected: number;
  readonly count: number;
  /** Poisson distance of `count` below `expected`. */
  readonly z: number;
  readonly evidenceIds: readonly string[];
}

/** Smaller gaps are network noise. */
const MIN_BASELINE_GAP_MS = 5;
/** The share of a slow edge that counts for its caller, which is slow with it. */
const CALLER_SHARE = 0.8;

/** @returns largest growth first */
export function slowEdges(statistics: readonly CitedStatistic[]): SlowEdge[] {
  return statistics
    .flatMap(({ row, evidenceIds }): SlowEdge[] => {
      const { mean: now, baselineMean: before, caller, entity: callee } = row;
      if (row.statistic !== 'edge_gap' || caller === undefined) return [];
      if (now === undefined || before === undefined || row.count === 0 || row.baselineCount === 0) return [];
      const { median = now, baselineMedian = before } = row;
      const growth = Math.min(logGrowth(before, now), logGrowth(baselineMedian, median));
      return growth > 0 && Number.isFinite(growth)
        ? [{ caller, callee, before, now, growth, evidenceIds }]
        : [];
    })
    .sort(
      (a, b) => b.growth - a.growth || compareText(a.caller, b.caller) || compareText(a.callee, b.callee),
    );
}

function logGrowth(before: number, now: number): number {
  return Math.log1p(Math.max(0, now - before) / Math.max(before, MIN_BASELINE_GAP_MS));
}

/** The growth of all slow edges of each entity: in full for the callee, in part for the caller. */
export function slownessByEntity(edges: readonly SlowEdge[]): Map<string, number> {
  const slowness = new Map<string, number>();
  const add = (entity: string, growth: number) => slowness.set(entity, (slowness.get(entity) ?? 0) + growth);
  for (const { caller, callee, growth } of edges) {
    add(callee, growth);
    add(caller, growth * CALLER_SHARE);
  }
  return slowness;
}

/**
 * Calls that occur less often per run of the calling operation than in the baseline: `expected = baseline calls /
 * baseline operations · operations now`.
 * @returns highest z first
 */
export function missingCalls(statistics: readonly CitedStatistic[]): MissingCall[] {
  const operations = new Map<string, CitedStatistic>();
  for (const each of statistics) {
    const { statistic, entity, operation = '' } = each.row;
    if (statistic === 'operation') operations.set(keyOf(entity, operation), each);
  }
  return statistics
    .flatMap(({ row, evidenceIds: callIds }): MissingCall[] => {
      const { caller, callerOperation = '', entity: callee, operation = '', count, baselineCount } = row;
      const calling = operations.get(keyOf(caller ?? '', callerOperation));
      if (row.statistic !== 'call' || caller === undefined || !calling) return [];
      if (calling.row.baselineCount === 0 || baselineCount === 0) return [];
      const expected = (baselineCount / calling.row.baselineCount) * calling.row.count;
      const z = -poissonDistance(count, expected, baselineCount);
      // A call that stopped is in no evidence of the incident window, but the operation that made it is.
      const evidenceIds = [...callIds, ...calling.evidenceIds];
      return z > 0 ? [{ caller, callerOperation, callee, operation, expected, count, z, evidenceIds }] : [];
    })
    .sort((a, b) => b.z - a.z || compareText(a.caller, b.caller) || compareText(a.operation, b.operation));
}

/** Threshold on the z of a missing call. */
export const MISSING_CALL_Z = 3;

/** The suspected source of missing calls: a service that stopped calling, or one after whose responses its callers stop. */
export interface MissingCallSource {
  readonly entity: string;
  /** Its missing call with the highest z. */
  readonly worst: MissingCall;
  /** The services whose calls are missing. */
  readonly callers: readonly string[];
  readonly evidenceIds: readonly string[];
}

/**
 * Attributes missing calls to their source: the caller, since a service that is not called cannot be the cause. But when
 * operations of several services that all call one service break off, that service is the source: what they have in
 * common is its response.
 * @param calls highest z first
 * @returns highest z first
 */
export function missingCallSources(
  calls: readonly MissingCall[],
  statistics: readonly CitedStatistic[],
): MissingCallSource[] {
  const sources = new Map<MissingCall, string[]>();
  for (const [callee, callers] of callersOf(statistics)) {
    const brokenOff = calls.filter(
      ({ caller, callerOperation, z }) => z >= MISSING_CALL_Z && callers.has(keyOf(caller, callerOperation)),
    );
    if (new Set(brokenOff.map(({ caller }) => caller)).size < 2) continue;
    for (const call of brokenOff) getOrAdd(sources, call, () => []).push(callee);
  }
  const bySource = new Map<string, MissingCall[]>();
  for (const call of calls) {
    for (const entity of sources.get(call) ?? [call.caller]) {
      getOrAdd(bySource, entity, () => []).push(call);
    }
  }
  return [...bySource]
    .flatMap(([entity, own]) => {
      const [worst] = own;
      const callers = [...new Set(own.map(({ caller }) => caller))];
      const evidenceIds = [...new Set(own.flatMap((call) => call.evidenceIds))];
      return worst ? [{ entity, worst, callers, evidenceIds }] : [];
    })
    .sort((a, b) => b.worst.z - a.worst.z || compareText(a.entity, b.entity));
}

/**
 * Per service, the operations of others that call it, directly or through a client span of the caller between the two.
 */
function callersOf(statistics: readonly CitedStatistic[]): Map<string, Set<string>> {
  const calls = statistics.flatMap(({ row }) => {
    const { statistic, caller, callerOperation = '', entity, operation = '' } = row;
    return statistic === 'call' && caller !== undefined
      ? [{ caller, callerOperation, entity, operation }]
      : [];
  });
  const byOperation = new Map<string, typeof calls>();
  for (const call of calls) {
    getOrAdd(byOperation, keyOf(call.caller, call.callerOperation), () => []).push(call);
  }
  const callers = new Map<string, Set<string>>();
  for (const call of calls) {
    const isLocal = call.entity === call.caller;
    const reached = isLocal ? (byOperation.get(keyOf(call.entity, call.operation)) ?? []) : [call];
    if (reached.some(({ entity }) => entity === call.caller)) continue;
    for (const { entity } of reached) {
      getOrAdd(callers, entity, () => new Set<string>()).add(keyOf(call.caller, call.callerOperation));
    }
  }
  return callers;
}

function keyOf(entity: string, operation: string): string {
  return `${entity}\0${operation}`;
}
