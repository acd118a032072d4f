import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type Culprit, type InvestigationResult, Investigations } from '../api.js';
import type { SuspectedChange } from '../domain/hypothesis.js';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { StartInvestigation } from './runs/start-investigation.js';

/** Implements this module's API for other modules. */
@Injectable()
export class InvestigationsFacade extends Investigations {
  constructor(
    private readonly runs: Runs,
    private readonly startInvestigation: StartInvestigation,
  ) {
    super();
  }

  async latestResult(tenantId: TenantId, incidentId: string): Promise<InvestigationResult | undefined> {
    const run = await this.runs.latest(tenantId, incidentId, ['completed', 'inconclusive']);
    return run && resultOf(run);
  }

  async isUnderWay(tenantId: TenantId, incidentId: string): Promise<boolean> {
    return (await this.runs.latest(tenantId, incidentId, ['queued', 'running'])) !== undefined;
  }

  async startUnlessRunning(
    tenantId: TenantId,
    incidentId: string,
    startedBy: string | null,
  ): Promise<boolean> {
    const queued = await this.startInvestigation.queue(tenantId, [incidentId], {
      trigger: 'automation',
      startedBy,
    });
    return queued.length > 0;
  }
}

function resultOf(run: Run): InvestigationResult {
  const { investigationId, incidentId, rootCause, acceptedPatternId, startedBy } = run;
  return {
    investigationId,
    incidentId,
    outcome: run.outcome ?? 'inconclusive',
    rootCause,
    confidence: run.confidence ?? 0,
    culprit: culpritOf(run.culprit ?? (acceptedPatternId === null ? null : suspectedChange(run))),
    acceptedPatternId,
    startedBy,
  };
}

/** Accepting a known solution names no change, so the run's own best suspect is the one to undo. */
function suspectedChange({ outcomeInputs }: Run): SuspectedChange | null {
  const suspected = (outcomeInputs?.hypotheses ?? []).filter(({ status }) => status !== 'ruled_out');
  const [best] = suspected.filter(({ change }) => change).sort((a, b) => b.score - a.score);
  return best?.change ?? null;
}

/** A commit without a deploy is never reported as the culprit, since nothing shows that it was running. */
function culpritOf(change: SuspectedChange | null): Culprit | null {
  if (!change || change.type === 'code') return null;
  const { changeId, type, service, environment, version, previousVersion, summary } = change;
  return { changeId, type, service, environment, version, previousVersion, summary };
}
