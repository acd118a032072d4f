import type { EvidenceType } from '../evidence/evidence.js';
import type { Agent } from './agent.js';
import { alertStorm } from './alert-storm.js';
import { blastRadius } from './blast-radius.js';
import { changeDetection } from './change-detection.js';
import { dependencyAnalysis } from './dependency-analysis.js';
import { databaseHealth } from './database-health.js';
import { infrastructureHealth } from './infrastructure-health.js';
import { knownSolution } from './known-solution.js';
import { logAnalysis } from './log-analysis.js';
import { metricsAnalysis } from './metrics-analysis.js';
import { synthesis } from './synthesis.js';
import { traceAnalysis } from './trace-analysis.js';

/** Every agent, in the order of a run's steps, each after those it reads: the agents `after: 'all'` are the last. */
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
  blastRadius,
  synthesis,
];

/** @throws Error for a name that is not in the list, for instance of an agent that was removed */
export function agentNamed(name: string): Agent {
  const agent = AGENTS.find((each) => each.name === name);
  if (!agent) throw new Error(`There is no agent ${name} any more`);
  return agent;
}

/**
 * The steps to start next: the first open step, and those right after it that depend only on finished steps. The known
 * solution runs alone, before evidence is read.
 */
export function nextOf(done: ReadonlySet<string>, open: readonly string[]): string[] {
  const [first] = open;
  if (first === undefined) return [];
  if (first === knownSolution.name || !isReady(first, done)) return [first];
  const firstBlocked = open.findIndex((name) => !isReady(name, done));
  return firstBlocked === -1 ? [...open] : open.slice(0, firstBlocked);
}

function isReady(agentName: string, done: ReadonlySet<string>): boolean {
  const agent = AGENTS.find(({ name }) => name === agentName);
  return agent !== undefined && agent.after !== 'all' && agent.after.every((name) => done.has(name));
}

/** The first agent that reads evidence of a type; undefined when none does. */
export function readerOf(type: EvidenceType): string | undefined {
  return AGENTS.find(({ needs }) => needs.includes(type))?.name;
}
