import { compareText } from './compare-text.js';
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
  readonly evidenceId: string;
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
  readonly evidenceId: string;
}

/** Less than this between two services is the noise of a good network. */
const SMALLEST_GAP_MS = 5;
/** The caller of a slow edge is slow with it. */
const SHARE_OF_CALLER = 0.8;

/** Largest first. */
export function slowEdges(statistics: readonly CitedStatistic[]): SlowEdge[] {
  return statistics
    .flatMap(({ row, evidenceId }): SlowEdge[] => {
      const { mean: now, baselineMean: before, caller, entity: callee } = row;
      if (row.statistic !== 'edge_gap' || caller === undefined) return [];
      if (now === undefined || before === undefined || row.count === 0 || row.baselineCount === 0) return [];
      const { median = now, baselineMedian = before } = row;
      const size = Math.min(growth(before, now), growth(baselineMedian, median));
      return size > 0 ? [{ caller, callee, before, now, size, evidenceId }] : [];
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
 * now`, `z = (expected − count) / √(expected + expected² / calls before + 1)`. Most missed first.
 */
export function missingCalls(statistics: readonly CitedStatistic[]): MissingCall[] {
  const operations = new Map<string, { count: number; baselineCount: number }>();
  for (const { row } of statistics) {
    if (row.statistic === 'operation') operations.set(`${row.entity}\0${row.operation ?? ''}`, row);
  }
  return statistics
    .flatMap(({ row, evidenceId }): MissingCall[] => {
      const { caller, callerOperation = '', entity: callee, operation = '', count, baselineCount } = row;
      const made = operations.get(`${caller ?? ''}\0${callerOperation}`);
      if (row.statistic !== 'call' || caller === undefined || !made) return [];
      if (made.baselineCount === 0 || baselineCount === 0) return [];
      const expected = (baselineCount / made.baselineCount) * made.count;
      const z = (expected - count) / Math.sqrt(expected + expected ** 2 / baselineCount + 1);
      return z > 0 ? [{ caller, callerOperation, callee, operation, expected, count, z, evidenceId }] : [];
    })
    .sort((a, b) => b.z - a.z || compareText(a.caller, b.caller) || compareText(a.operation, b.operation));
}

/** Who stopped calling; what a call did not reach cannot be blamed. */
export function silenceByEntity(calls: readonly MissingCall[]): Map<string, number> {
  const silence = new Map<string, number>();
  for (const { caller, z } of calls) silence.set(caller, Math.max(z, silence.get(caller) ?? 0));
  return silence;
}
