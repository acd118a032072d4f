import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { neverDecided, notOver } from '../domain/errors.js';
import type { KnownTruth } from '../domain/eval-case.js';
import { Runs } from '../domain/runs.js';
import type { MaskedCase } from './desk.js';
import { DeskForCaller } from './desk-for-caller.js';
import { RereadEvidence } from './reread-evidence.js';

export interface ExportedCase extends MaskedCase {
  /** Whether a person gave the label, or the run's own answer stands in. */
  readonly labelledBy: 'person' | 'run';
}

const DATASET = 'own';
const MOST_SECONDS = 60;

/** A closed chapter as a case that the agents can be measured on. Stores nothing. */
@Injectable()
export class ExportEvalCase {
  constructor(
    private readonly runs: Runs,
    private readonly incidents: IncidentLifecycle,
    private readonly desks: DeskForCaller,
    private readonly rereadEvidence: RereadEvidence,
  ) {}

  /** @throws Refusal `not_found`, or `conflict` when the incident is not over or no run of it came to a decision */
  async execute(tenantId: TenantId, incidentId: string, truth: KnownTruth): Promise<ExportedCase> {
    const incident = await this.incidents.find(tenantId, incidentId);
    if (!incident) throw notFound('incident');
    if (incident.status !== 'resolved' && incident.status !== 'closed') throw notOver(incident.status);
    const run = await this.runs.latest(tenantId, incidentId, ['completed', 'inconclusive']);
    if (!run?.memory) throw neverDecided();
    const { memory, rootCause, culprit, outcomeInputs } = run;
    const cause = outcomeInputs?.hypotheses.find(({ statement }) => statement === rootCause);
    const found = {
      rootCauseEntity: cause?.entity,
      rootCauseCommit: culprit?.commit,
      failureMode: cause?.failureMode,
    };
    // The id tells neither the incident nor the tenant, and is the same at every export.
    const id = `own-${sha256Hex(incidentId).slice(0, 12)}`;
    const masked = await this.desks.use(MOST_SECONDS, async (desk) => {
      await desk.open(memory);
      await this.rereadEvidence.execute(desk, run);
      return desk.evalCase(id, DATASET, truth, found);
    });
    const isTold = Object.values(truth).some((value) => value !== undefined);
    return { ...masked, labelledBy: isTold ? 'person' : 'run' };
  }
}
