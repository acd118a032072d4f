import { compareText } from '../compare-text.js';
import { getOrAdd } from '../get-or-add.js';
import { poissonDistance } from '../poisson-distance.js';
import type { CitedStatistic } from './trace-statistics.js';

/** A call that takes longer between caller and callee than it did: the network, or a callee that is slow to answer. */
export interface SlowEdge {
  readonly caller: string;
  readonly callee: string;
  /** ms */
  readonly before: number;
  readonly now: number;
  /** `ln(1 + (now − before) / max(before, 5 ms))`, of means or of medians, whichever grew less. */
  readonly size: number;
  readonly evidenceIds: readonly string[];
}

/** An operation that calls another one less often than it did. */
export interface MissingCall {
  readonly caller: string;
  readonly callerOperation: string;
  readonly callee: string;
  readonly operation: string;
  readonly expected: number;
  readonly count: number;
  /** Poisson distance. */
  readonly z: number;
  readonly evidenceIds: readonly string[];
}

/** Less than this between two services is the noise of a good network. */
const SMALLEST_GAP_MS = 5;
/** The caller of a slow edge is slow with it. */
const SHARE_OF_CALLER = 0.8;

/** Largest first. */
export function slowEdges(statistics: readonly CitedStatistic[]): SlowEdge[] {
  return statistics
    .flatMap(({ row, evidenceIds }): SlowEdge[] => {
      const { mean: now, baselineMean: before, caller, entity: callee } = row;
      if (row.statistic !== 'edge_gap' || caller === undefined) return [];
      if (now === undefined || before === undefined || row.count === 0 || row.baselineCount === 0) return [];
      const { median = now, baselineMedian = before } = row;
      const size = Math.min(growth(before, now), growth(baselineMedian, median));
      return size > 0 && Number.isFinite(size) ? [{ caller, callee, before, now, size, evidenceIds }] : [];
    })
    .sort((a, b) => b.size - a.size || compareText(a.caller, b.caller) || compareText(a.callee, b.callee));
}

function growth(before: number, now: number): number {
  return Math.log1p(Math.max(0, now - before) / Math.max(before, SMALLEST_GAP_MS));
}

/** All slow edges that an entity takes part in: in full where it is called, in part where it calls. */
export function slownessByEntity(edges: readonly SlowEdge[]): Map<string, number> {
  const slowness = new Map<string, number>();
  const add = (entity: string, size: number) => slowness.set(entity, (slowness.get(entity) ?? 0) + size);
  for (const { caller, callee, size } of edges) {
    add(callee, size);
    add(caller, size * SHARE_OF_CALLER);
  }
  return slowness;
}

/**
 * Calls per operation of the caller, compared with before: `expected = calls before / operations before · operations
 * now`. Most missed first.
 */
export function missingCalls(statistics: readonly CitedStatistic[]): MissingCall[] {
  const operations = new Map<string, CitedStatistic>();
  for (const each of statistics) {
    const { statistic, entity, operation = '' } = each.row;
    if (statistic === 'operation') operations.set(keyOf(entity, operation), each);
  }
  return statistics
    .flatMap(({ row, evidenceIds: seen }): MissingCall[] => {
      const { caller, callerOperation = '', entity: callee, operation = '', count, baselineCount } = row;
      const made = operations.get(keyOf(caller ?? '', callerOperation));
      if (row.statistic !== 'call' || caller === undefined || !made) return [];
      if (made.row.baselineCount === 0 || baselineCount === 0) return [];
      const expected = (baselineCount / made.row.baselineCount) * made.row.count;
      const z = -poissonDistance(count, expected, baselineCount);
      // A call that is not made any more is seen in no piece of now; the operation that made it is.
      const evidenceIds = [...seen, ...made.evidenceIds];
      return z > 0 ? [{ caller, callerOperation, callee, operation, expected, count, z, evidenceIds }] : [];
    })
    .sort((a, b) => b.z - a.z || compareText(a.caller, b.caller) || compareText(a.operation, b.operation));
}

/** Below this a call is missing by chance. */
export const SILENT = 3;

/** A service that stopped calling others, or after whose answers others stop. */
export interface Silence {
  readonly entity: string;
  /** Of the calls that are missing the one missed most. */
  readonly worst: MissingCall;
  /** Whose calls are missing. */
  readonly callers: readonly string[];
  readonly evidenceIds: readonly string[];
}

/**
 * Who stopped calling; what a call did not reach cannot be blamed. But where several services break off operations that
 * call one and the same service, it is what they have in common, and they only stopped after its answer. Most first,
 * as `calls` are given.
 */
export function silences(calls: readonly MissingCall[], statistics: readonly CitedStatistic[]): Silence[] {
  const common = new Map<MissingCall, string[]>();
  for (const [callee, callers] of callersOf(statistics)) {
    const after = calls.filter(
      ({ caller, callerOperation, z }) => z >= SILENT && callers.has(keyOf(caller, callerOperation)),
    );
    if (new Set(after.map(({ caller }) => caller)).size < 2) continue;
    for (const call of after) getOrAdd(common, call, () => []).push(callee);
  }
  const missing = new Map<string, MissingCall[]>();
  for (const call of calls) {
    for (const entity of common.get(call) ?? [call.caller]) {
      getOrAdd(missing, entity, () => []).push(call);
    }
  }
  return [...missing]
    .flatMap(([entity, own]) => {
      const [worst] = own;
      const callers = [...new Set(own.map(({ caller }) => caller))];
      const evidenceIds = [...new Set(own.flatMap((call) => call.evidenceIds))];
      return worst ? [{ entity, worst, callers, evidenceIds }] : [];
    })
    .sort((a, b) => b.worst.z - a.worst.z || compareText(a.entity, b.entity));
}

/**
 * Per service the operations of others that call it. A call often is a span of its caller as well, which stands
 * between the two.
 */
function callersOf(statistics: readonly CitedStatistic[]): Map<string, Set<string>> {
  const calls = statistics.flatMap(({ row }) => {
    const { statistic, caller, callerOperation = '', entity, operation = '' } = row;
    return statistic === 'call' && caller !== undefined
      ? [{ caller, callerOperation, entity, operation }]
      : [];
  });
  const below = new Map<string, typeof calls>();
  for (const call of calls) {
    getOrAdd(below, keyOf(call.caller, call.callerOperation), () => []).push(call);
  }
  const callers = new Map<string, Set<string>>();
  for (const call of calls) {
    const own = call.entity === call.caller;
    const reached = own ? (below.get(keyOf(call.entity, call.operation)) ?? []) : [call];
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
