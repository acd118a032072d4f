import type { AgentReport } from '../agents/agent.js';
import { ALERT_STORM, DEPENDENCY_ANALYSIS, METRICS_ANALYSIS, SYNTHESIS } from '../agents/names.js';
import { combineSuspects } from './suspects.js';

/** The most suspected entity, and how clear that is. Plain JSON, stored with the inputs of an outcome. */
export interface Localisation {
  readonly entity: string;
  /** Its score, summed over all signals. */
  readonly strength: number;
  /** How many signals suspect it most. */
  readonly ways: number;
  /** Whether alerts were the only signal. */
  readonly alertsOnly: boolean;
  /** Whether excess attribution along the call graph suspects it most. */
  readonly byDamage: boolean;
  /** Its highest score in a signal that does not merely follow propagation: logs, traces, a saturated resource. */
  readonly ownSign: number;
}

/**
 * Combines the suspects of all agents. The synthesis is left out, since it only repeats the others.
 * @returns null when no entity is suspected
 */
export function localise(reports: readonly AgentReport[]): Localisation | null {
  const signals = reports.filter(({ agentName, suspects }) => agentName !== SYNTHESIS && suspects.length > 0);
  const [first] = combineSuspects(...signals.map(({ suspects }) => suspects));
  if (!first) return null;
  const ownSigns = signals.map(({ agentName, suspects }) => {
    const score = suspects.find(({ entity }) => entity === first.entity)?.score ?? 0;
    return agentName === DEPENDENCY_ANALYSIS || (agentName === METRICS_ANALYSIS && score < 1) ? 0 : score;
  });
  return {
    entity: first.entity,
    strength: first.score,
    ways: signals.filter(({ suspects }) => suspects[0]?.entity === first.entity).length,
    alertsOnly: signals.every(({ agentName }) => agentName === ALERT_STORM),
    byDamage: signals.some(
      ({ agentName, suspects }) => agentName === DEPENDENCY_ANALYSIS && suspects[0]?.entity === first.entity,
    ),
    ownSign: Math.max(0, ...ownSigns),
  };
}
