import type { AgentReport } from '../agents/agent.js';
import type { Finding, FindingKind } from '../finding.js';

/** Kinds of finding that show a symptom with its start time. */
const SYMPTOMS: ReadonlySet<FindingKind> = new Set<FindingKind>(['metric_shift', 'new_error', 'risen_error']);

export function symptomsIn(reports: readonly AgentReport[]): Finding[] {
  return reports.flatMap(({ findings }) => findings).filter(({ kind }) => SYMPTOMS.has(kind));
}

/** Findings about error messages, including those without a baseline to compare with. */
export function errorFindingsIn(reports: readonly AgentReport[]): Finding[] {
  return reports
    .flatMap(({ findings }) => findings)
    .filter(({ kind }) => kind === 'error_seen' || kind === 'new_error' || kind === 'risen_error');
}
