import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { neverDecided, notOver } from '../domain/errors.js';
import { type EvalCase, evalCaseOf, type EvalLabel } from '../domain/eval-case.js';
import { Mask } from '../domain/masking.js';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { RereadEvidence } from './reread-evidence.js';

/** What a person knows to be the truth; what she leaves out is taken from the run. */
export interface KnownTruth {
  readonly rootCauseEntity?: string | null | undefined;
  readonly rootCauseCommit?: string | undefined;
  readonly failureMode?: string | undefined;
}

export interface ExportedCase {
  readonly case: EvalCase;
  readonly label: EvalLabel;
  /** Whether a person gave the label, or the run's own answer stands in. */
  readonly labelledBy: 'person' | 'run';
  /** How often each rule of masking hid something. */
  readonly masked: Readonly<Record<string, number>>;
}

const DATASET = 'own';

/** A closed chapter as a case that the agents can be measured on. Stores nothing. */
@Injectable()
export class ExportEvalCase {
  constructor(
    private readonly runs: Runs,
    private readonly incidents: IncidentLifecycle,
    private readonly rereadEvidence: RereadEvidence,
  ) {}

  /** @throws Refusal `not_found`, or `conflict` when the incident is not over or no run of it came to a decision */
  async execute(tenantId: TenantId, incidentId: string, truth: KnownTruth): Promise<ExportedCase> {
    const incident = await this.incidents.find(tenantId, incidentId);
    if (!incident) throw notFound('incident');
    if (incident.status !== 'resolved' && incident.status !== 'closed') throw notOver(incident.status);
    const run = await this.runs.latest(tenantId, incidentId, ['completed', 'inconclusive']);
    if (!run?.memory) throw neverDecided();
    const { evidence } = await this.rereadEvidence.execute(run);
    const mask = new Mask();
    // The id tells neither the incident nor the tenant, and is the same at every export.
    const id = `own-${sha256Hex(incidentId).slice(0, 12)}`;
    const document = evalCaseOf(id, DATASET, run.memory.incident, evidence, mask);
    const hasCommits = evidence.changes.some(({ row }) => row.commit !== undefined);
    const label = mask.maskAll(labelOf(run, truth, hasCommits));
    const isTold = Object.values(truth).some((value) => value !== undefined);
    return { case: document, label, labelledBy: isTold ? 'person' : 'run', masked: mask.fired };
  }
}

function labelOf(
  { rootCause, culprit, outcomeInputs }: Run,
  truth: KnownTruth,
  hasCommits: boolean,
): EvalLabel {
  const cause = outcomeInputs?.hypotheses.find(({ statement }) => statement === rootCause);
  const { rootCauseEntity = cause?.entity ?? null } = truth;
  const commit = truth.rootCauseCommit ?? (hasCommits ? (culprit?.commit ?? 'none') : undefined);
  const failureMode = truth.failureMode ?? cause?.failureMode;
  return {
    dataset: DATASET,
    root_cause_entity: rootCauseEntity,
    ...(commit !== undefined && { root_cause_commit: commit }),
    ...(failureMode !== undefined && { failure_mode: failureMode }),
    kind: 'recorded',
  };
}
