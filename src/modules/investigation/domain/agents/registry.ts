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
  blastRadius,
  synthesis,
];

/** @throws Error when this list knows none of that name any more */
export function agentNamed(name: string): Agent {
  const agent = AGENTS.find((each) => each.name === name);
  if (!agent) throw new Error(`There is no agent ${name} any more`);
  return agent;
}

/**
 * Of the steps that are left, in their order, those that can begin now: the first one, and those after it that wait for
 * nothing but what is done. Memory is asked alone, before anything else is read.
 */
export function nextOf(done: ReadonlySet<string>, left: readonly string[]): string[] {
  const [first, ...others] = left;
  if (first === undefined || first === knownSolution.name) return left.slice(0, 1);
  const until = others.findIndex((name) => !isReady(name, done));
  return isReady(first, done) ? left.slice(0, until === -1 ? undefined : until + 1) : [first];
}

function isReady(agentName: string, done: ReadonlySet<string>): boolean {
  const agent = AGENTS.find(({ name }) => name === agentName);
  return agent !== undefined && agent.after !== 'all' && agent.after.every((name) => done.has(name));
}

/** The first agent that reads evidence of a type; undefined when none does. */
export function readerOf(type: EvidenceType): string | undefined {
  return AGENTS.find(({ needs }) => needs.includes(type))?.name;
}
