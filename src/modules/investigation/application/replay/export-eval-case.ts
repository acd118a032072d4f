import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { neverDecided, notOver } from '../../domain/errors.js';
import type { KnownTruth } from '../../domain/eval-case.js';
import { Runs } from '../../domain/runs.js';
import type { MaskedCase } from '../analysis/analyser.js';
import { AnalyserForRequests } from '../analysis/analyser-for-requests.js';
import { RereadEvidence } from '../evidence/reread-evidence.js';

export interface ExportedCase extends MaskedCase {
  /** Whether the label comes from the request or, without one, from the run's own answer. */
  readonly labelledBy: 'person' | 'run';
}

const DATASET = 'own';
const TIMEOUT_SECONDS = 60;

/** Exports a resolved or closed incident as a case for `npm run eval`. Stores nothing. */
@Injectable()
export class ExportEvalCase {
  constructor(
    private readonly runs: Runs,
    private readonly incidents: IncidentLifecycle,
    private readonly analysers: AnalyserForRequests,
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
    // Stable across exports, and reveals neither the incident nor the tenant.
    const id = `own-${sha256Hex(incidentId).slice(0, 12)}`;
    const masked = await this.analysers.use(tenantId, TIMEOUT_SECONDS, async (analyser) => {
      await analyser.open(memory);
      await this.rereadEvidence.execute(analyser, run);
      return analyser.evalCase(id, DATASET, truth, found);
    });
    const isLabelled = Object.values(truth).some((value) => value !== undefined);
    return { ...masked, labelledBy: isLabelled ? 'person' : 'run' };
  }
}
