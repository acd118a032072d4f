import type { AgentReport } from '../agents/agent.js';
import { ALERT_STORM, DEPENDENCY_ANALYSIS, METRICS_ANALYSIS, SYNTHESIS } from '../agents/names.js';
import { together } from './suspects.js';

/** Where the trouble is, and how clearly that is seen. Plain JSON, stored with what an outcome rests on. */
export interface Localisation {
  readonly entity: string;
  /** How far it stands out, over all ways of looking. */
  readonly strength: number;
  /** How many ways of looking suspect it most. */
  readonly ways: number;
  /** Whether nothing but alerts was there to look at. */
  readonly alertsOnly: boolean;
  /** Whether the damage that requests suffered was traced to it. */
  readonly byDamage: boolean;
  /** The strongest of the ways that do not merely follow the damage: a log, a call, a resource that clearly ran short. */
  readonly ownSign: number;
}

/** Null when nobody is suspected. */
export function localise(reports: readonly AgentReport[]): Localisation | null {
  const ways = reports.filter(({ agentName, suspects }) => agentName !== SYNTHESIS && suspects.length > 0);
  const [first] = together(...ways.map(({ suspects }) => suspects));
  if (!first) return null;
  const own = ways.map(({ agentName, suspects }) => {
    const score = suspects.find(({ entity }) => entity === first.entity)?.score ?? 0;
    return agentName === DEPENDENCY_ANALYSIS || (agentName === METRICS_ANALYSIS && score < 1) ? 0 : score;
  });
  return {
    entity: first.entity,
    strength: first.score,
    ways: ways.filter(({ suspects }) => suspects[0]?.entity === first.entity).length,
    alertsOnly: ways.every(({ agentName }) => agentName === ALERT_STORM),
    byDamage: ways.some(
      ({ agentName, suspects }) => agentName === DEPENDENCY_ANALYSIS && suspects[0]?.entity === first.entity,
    ),
    ownSign: Math.max(0, ...own),
  };
}
