import type { EvidenceType } from '../evidence.js';
import type { Agent } from './agent.js';
import { alertStorm } from './alert-storm.js';
import { changeDetection } from './change-detection.js';
import { dependencyAnalysis } from './dependency-analysis.js';
import { databaseHealth } from './database-health.js';
import { infrastructureHealth } from './infrastructure-health.js';
import { knownSolution } from './known-solution.js';
import { logAnalysis } from './log-analysis.js';
import { metricsAnalysis } from './metrics-analysis.js';
import { synthesis } from './synthesis.js';
import { traceAnalysis } from './trace-analysis.js';

/**
 * Every agent, in the order of a run's steps; each stands after those it reads. To add one: write its file and put it in
 * this list, before the synthesis.
 */
export const AGENTS: readonly Agent[] = [
  knownSolution,
  logAnalysis,
  metricsAnalysis,
  dependencyAnalysis,
  traceAnalysis,
  alertStorm,
  infrastructureHealth,
  databaseHealth,
  changeDetection,
  synthesis,
];

/** The first agent that reads evidence of a type; undefined when none does. */
export function readerOf(type: EvidenceType): string | undefined {
  return AGENTS.find(({ needs }) => needs.includes(type))?.name;
}
