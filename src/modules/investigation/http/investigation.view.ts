import type { ModelCall } from '../application/review/model-calls.js';
import type { ShownRun } from '../application/runs/show-investigation.js';
import type { EvidenceRecord } from '../domain/run-records.js';
import type { Finding } from '../domain/finding.js';
import { MODEL_REVIEW } from '../domain/review/review.js';
import type { Step } from '../domain/run.js';
import type { InvestigationView, RunEvidenceView } from './investigation.dto.js';
import type { ModelCallList } from './model-calls.dto.js';

export function investigationView({ run, findings, hypotheses }: ShownRun): InvestigationView {
  const { investigationId, incidentId, status, startedBy, rootCause, confidence, outcome, failure } = run;
  const { recommendedActions, missingEvidence, knownSolution, isWaiting } = run;
  return {
    investigationId,
    incidentId,
    status,
    startedBy,
    rootCause,
    explanation: explanationOf(run.steps, findings),
    confidence,
    outcome,
    hypotheses: hypotheses.map(({ investigationId: _run, ...hypothesis }) => hypothesis),
    recommendedActions,
    steps: run.steps.map((step) => stepView(step, findings.get(step.stepIndex) ?? [])),
    missingEvidence,
    knownSolution: knownSolution && {
      patternId: knownSolution.patternId,
      title: knownSolution.title,
      rootCause: knownSolution.rootCause,
      runbookUrl: knownSolution.runbookUrl,
      similarity: knownSolution.similarity,
      decision: knownSolution.decision,
      isAwaited: isWaiting,
    },
    failure,
    queuedAt: run.queuedAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    endedAt: run.endedAt?.toISOString() ?? null,
  };
}

function explanationOf(steps: readonly Step[], findings: ShownRun['findings']): string | null {
  const review = steps.find(({ agentName }) => agentName === MODEL_REVIEW);
  const sentences = (review && findings.get(review.stepIndex)) ?? [];
  return sentences.length === 0 ? null : sentences.map(({ statement }) => statement).join(' ');
}

function stepView(step: Step, findings: readonly Finding[]): InvestigationView['steps'][number] {
  const { stepIndex, agentName, status, startedAt, durationMs, report } = step;
  return {
    stepIndex,
    agentName,
    status,
    message: report?.message ?? null,
    startedAt,
    durationMs,
    findings: findings.map(({ statement, kind, evidenceIds, entity, at, score, data }) => ({
      statement,
      kind,
      evidenceIds,
      entity: entity ?? null,
      at: at === undefined ? null : new Date(at).toISOString(),
      score: score ?? null,
      data: data ?? null,
    })),
  };
}

export function evidenceView({ origin: _origin, ...record }: EvidenceRecord): RunEvidenceView {
  return { ...record, observedAt: record.observedAt.toISOString() };
}

export function modelCallView({ investigationId: _run, ...call }: ModelCall): ModelCallList['items'][number] {
  return {
    ...call,
    startedAt: call.startedAt.toISOString(),
    endedAt: call.endedAt?.toISOString() ?? null,
  };
}
