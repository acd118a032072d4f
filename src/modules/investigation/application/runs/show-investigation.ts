import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { RunRecords, type EvidenceRecord, type RankedHypothesis } from '../../domain/run-records.js';
import type { Finding } from '../../domain/finding.js';
import type { Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';
import { findRun } from './find-run.js';
import { type ModelCall, ModelCalls } from '../review/model-calls.js';

export interface ShownRun {
  readonly run: Run;
  /** By step index. */
  readonly findings: ReadonlyMap<number, readonly Finding[]>;
  readonly hypotheses: readonly RankedHypothesis[];
}

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

/** Runs with their findings, hypotheses and evidence, for the API. */
@Injectable()
export class ShowInvestigation {
  constructor(
    private readonly runs: Runs,
    private readonly records: RunRecords,
    private readonly incidents: IncidentLifecycle,
    private readonly calls: ModelCalls,
    private readonly cursors: Cursors,
  ) {}

  /** @throws Refusal `not_found` when there is no such incident or it was never investigated */
  async latest(tenantId: TenantId, incidentId: string): Promise<ShownRun> {
    const [shown] = await this.shown(tenantId, [await findRun(this.runs, tenantId, incidentId)]);
    if (!shown) throw notFound('investigation');
    return shown;
  }

  /** Newest first. @throws Refusal `not_found` when there is no such incident */
  async all(tenantId: TenantId, incidentId: string, { limit, cursor }: PageRequest): Promise<Page<ShownRun>> {
    const list = `investigations:${incidentId}`;
    const [before] = this.cursors.open(tenantId, list, cursor) ?? [];
    if (!(await this.incidents.find(tenantId, incidentId))) throw notFound('incident');
    const page = { limit: limit + 1, ...(before !== undefined && { before: String(before) }) };
    const runs = await this.runs.ofIncident(tenantId, incidentId, page);
    return this.cursors.page(await this.shown(tenantId, runs), {
      tenantId,
      list,
      limit,
      position: ({ run }) => [run.investigationId],
    });
  }

  /** The evidence of the latest run, or of `investigationId`. */
  async evidence(
    tenantId: TenantId,
    incidentId: string,
    { limit, cursor, investigationId }: PageRequest & { readonly investigationId?: string },
  ): Promise<Page<EvidenceRecord>> {
    const run = await findRun(this.runs, tenantId, incidentId, investigationId);
    const list = `evidence:${run.investigationId}`;
    const [after = ''] = this.cursors.open(tenantId, list, cursor) ?? [];
    const page = { after: String(after), limit: limit + 1 };
    return this.cursors.page(await this.records.evidence(tenantId, run.investigationId, page), {
      tenantId,
      list,
      limit,
      position: ({ evidenceId }) => [evidenceId],
    });
  }

  /** The model calls of the latest run, or of `investigationId`. */
  async modelCalls(
    tenantId: TenantId,
    incidentId: string,
    investigationId?: string,
  ): Promise<{ investigationId: string; calls: ModelCall[] }> {
    const run = await findRun(this.runs, tenantId, incidentId, investigationId);
    const calls = await this.calls.of(tenantId, run.investigationId);
    return { investigationId: run.investigationId, calls };
  }

  private async shown(tenantId: TenantId, runs: readonly Run[]): Promise<ShownRun[]> {
    const ids = runs.map(({ investigationId }) => investigationId);
    const findings = await this.records.findings(tenantId, ids);
    const hypotheses = await this.records.hypotheses(tenantId, ids);
    return runs.map((run) => {
      const own = findings.filter(({ investigationId }) => investigationId === run.investigationId);
      return {
        run,
        findings: new Map(
          run.steps.map(({ stepIndex }) => [
            stepIndex,
            own.filter((each) => each.stepIndex === stepIndex).map(({ finding }) => finding),
          ]),
        ),
        hypotheses: hypotheses.filter(({ investigationId }) => investigationId === run.investigationId),
      };
    });
  }
}
