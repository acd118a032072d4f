import type { AgentReport } from '../agents/agent.js';
import type { Finding, FindingKind } from '../finding.js';

/** The kinds of fact that show trouble and when it began, each a witness for or against a cause. */
const TROUBLES: ReadonlySet<FindingKind> = new Set<FindingKind>(['metric_shift', 'new_error', 'risen_error']);

export function symptomsIn(reports: readonly AgentReport[]): Finding[] {
  return reports.flatMap(({ findings }) => findings).filter(({ kind }) => TROUBLES.has(kind));
}

/** Findings about error messages, also of those that there is no before to compare with. */
export function errorFindingsIn(reports: readonly AgentReport[]): Finding[] {
  return reports
    .flatMap(({ findings }) => findings)
    .filter(({ kind }) => kind === 'error_seen' || kind === 'new_error' || kind === 'risen_error');
}
